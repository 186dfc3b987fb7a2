import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Api } from '../../../nodes/api/api';
import { NrfCloudError } from '../../../nodes/api/errors';
import { bulkClaim } from '../../../nodes/operations/bulk-claim';
import { newProgress } from '../../../nodes/operations/bulk-claim-progress';
import { property, type AnyProperty } from '../property';
import { anyRecipe, build } from '../values/hostile';
import { soundToken } from '../values/tokens';

const RESPONSES = ['accepted', 'result', 'NRFCLOUD_REJECTED', 'NRFCLOUD_FORBIDDEN', 'NRFCLOUD_TIMEOUT'] as const;

export const bulkClaims: AnyProperty = property({
  name: 'a bulk claim gives every row back once, whichever uploads fail',
  weight: 1,
  limitMs: 1000,
  arbitrary: fc.record({
    items: fc.array(
      fc.oneof(
        soundToken.map(({ claimToken }) => ({ value: claimToken })),
        anyRecipe,
      ),
      { maxLength: 20 },
    ),
    rowsPerUpload: fc.integer({ min: 1, max: 7 }),
    uploadsAtOnce: fc.integer({ min: 1, max: 4 }),
    responses: fc.array(fc.constantFrom(...RESPONSES), { maxLength: 6 }),
  }),
  check: async ({ items, rowsPerUpload, uploadsAtOnce, responses }) => {
    const left: number[] = [];
    let uploads = 0;
    const api = { send: () => respond(responses[uploads++ % (responses.length || 1)] ?? 'accepted') } as unknown as Api;
    const take = (rows: readonly { line: number }[]): undefined => void left.push(...rows.map(({ line }) => line));
    const { summary } = await bulkClaim(
      api,
      {
        source: { kind: 'value', value: items.map(build) },
        tokenColumn: 0,
        tagsColumn: 0,
        tags: '',
        uploadsAtOnce,
        onInvalid: 'skip',
      },
      { source: 'msg.payload', tags: 'the text' },
      newProgress(rowsPerUpload),
      {
        onUpload: ({ rows = [] }) => take(rows),
        onRejected: (rows) => take(rows),
        onProgress: () => undefined,
        save: () => Promise.resolve(),
      },
      new AbortController().signal,
      () => false,
    );
    assert.deepEqual(
      left.sort((one, other) => one - other),
      items.map((_, index) => index + 1),
    );
    assert.equal(summary.rows, items.length);
    assert.equal(summary.uploaded + summary.rejected, items.length);
  },
});

function respond(response: (typeof RESPONSES)[number]): Promise<unknown> {
  if (response === 'accepted') return Promise.resolve({ statusCode: 202, body: { bulkOpsRequestId: 'x' } });
  if (response === 'result') return Promise.resolve({ statusCode: 200, body: { claimedIds: [], failed: [] } });
  return Promise.reject(new NrfCloudError(response, 'bulk claim: x', { operation: 'bulk claim', attempts: 1 }));
}
