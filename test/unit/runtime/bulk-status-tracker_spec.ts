import assert from 'node:assert/strict';
import type { NrfCloudError } from '../../../nodes/api/errors';
import { BulkStatusTracker } from '../../../nodes/work/bulk-status-tracker';

describe('bulk status tracker', () => {
  it('bulk status tracker: a record without the id of an operation is reported and not polled', async () => {
    const requests: unknown[] = [];
    const ends: Promise<unknown>[] = [];
    let resume: (record: object, pending: object) => void = () => undefined;
    const closing = new AbortController();
    const context = {
      signal: closing.signal,
      store: undefined,
      settings: () => ({ interval: 0.001, maxInterval: 0.001 }),
      request: (request: unknown) => {
        requests.push(request);
        return Promise.reject(new Error('not expected'));
      },
      onRecords: (take: typeof resume) => (resume = take),
      end: (_pending: unknown, handler: () => Promise<unknown>) => void ends.push(handler()),
    };
    new BulkStatusTracker(context as never);
    resume({ version: 2, work: { deadline: null }, msg: {} }, { key: 'a' });
    resume({ version: 2, work: { id: '' }, msg: {} }, { key: 'b' });
    const results = await Promise.allSettled(ends);
    assert.deepEqual(
      results.map((result) => result.status === 'rejected' && (result.reason as NrfCloudError).code),
      ['NRFCLOUD_INVALID_INPUT', 'NRFCLOUD_INVALID_INPUT'],
    );
    assert.deepEqual(requests, []);
    closing.abort();
  });
});
