import assert from 'node:assert/strict';
import { DEVICE, DEVICES, first, is, NOT_NEEDED, of, type Operation } from './operation';

const CLAIM = is('POST', /^\/(identities\/)?claimed-devices$/);
const BULK = is('POST', /^\/claimed-devices(\/bulk)?$/);
const POLL = is('GET', /^\/bulk-ops-requests\/[^/]+$/);

const claim = of('nrfcloud-claim', 1);
const bulkClaim = of('nrfcloud-bulk-claim', 3);
const bulkStatus = of('nrfcloud-bulk-status', 3);
const devices = of('nrfcloud-devices', 1);

/** Claims a device of its own. */
const claimOne: Operation['prepare'] = ({ simulator }, cell) => {
  const { claimToken, deviceUuid } = simulator.mint();
  return {
    msg: { payload: { claimToken, tags: [cell] } },
    check: (outputs) => {
      const msg = first(outputs);
      assert.equal(msg['deviceId'], deviceUuid);
      assert.equal(msg['payload'].id, deviceUuid);
    },
    effects: () => simulator.claims.get(deviceUuid) ?? 0,
  };
};

/** Uploads two rows. */
const uploadTwo: Operation['prepare'] = ({ simulator }) => {
  const tokens = simulator.mintMany(2);
  return {
    msg: { payload: tokens.map(({ claimToken }) => claimToken) },
    check: ([uploads = [], rejected = [], summaries = []]) => {
      // After a 413 there are two uploads of one row.
      assert.equal(uploads.flatMap(({ rows }) => rows as unknown[]).length, 2);
      assert.deepEqual(rejected, []);
      assert.equal(summaries.length, 1);
      assert.equal(summaries[0]!['payload'].uploaded, 2);
    },
    // In `guide` the work goes on behind the answer; the matrix looks when everything has come to rest.
    effects: () => Math.max(...tokens.map(({ deviceUuid }) => simulator.claims.get(deviceUuid) ?? 0)),
  };
};

/** A bulk operation with one row that fails, so that there is an error summary. */
const watchOne: Operation['prepare'] = async ({ simulator, ask }) => {
  const good = simulator.mint().claimToken;
  const { bulkOpsRequestId } = await ask('POST', '/claimed-devices/bulk', `${good}\nnonsense\n`);
  return {
    msg: { payload: bulkOpsRequestId },
    check: ([succeeded = [], failed = []]) => {
      assert.deepEqual(succeeded, []);
      assert.equal(failed.length, 1);
      assert.equal(failed[0]!['payload'].bulkOpsRequestId, bulkOpsRequestId);
      // An unknown status that is an end, too.
      assert.ok(['FAILED', 'PONDERING'].includes(failed[0]!['payload'].status as string));
      assert.ok(failed[0]!['payload'].errors.length > 0, 'no errors are told');
    },
    // One of its two rows failed.
    status: 'yellow dot',
  };
};

/** Three devices on two pages. */
const listing =
  (mode: string): Operation['prepare'] =>
  ({ simulator }, cell) => {
    const ids = simulator.fill(3, [cell]);
    return {
      msg: { payload: 'untouched' },
      config: { mode, tag: cell, query: `pageLimit=2&tag=${cell}` },
      check: ([sent = []]) => {
        const seen = sent.flatMap((msg) => msg['payload'] as { id: string } | { id: string }[]).map(({ id }) => id);
        assert.deepEqual(seen, ids);
        if (mode !== 'array') assert.equal(sent.at(-1)!['parts'].count, sent.length);
      },
    };
  };

/** The operations of claims and of what was claimed. */
export const CLAIM_OPERATIONS: readonly Operation[] = [
  claim({ name: 'claim', step: 'claim', strikes: CLAIM, prepare: claimOne }),
  claim({
    name: 'claim, nothing answers right',
    step: 'claim, all',
    strikes: ({ host }) => host === 'service',
    everything: true,
    prepare: claimOne,
  }),
  claim({
    name: 'claim of one’s own device',
    step: 'look up a device',
    strikes: is('GET', DEVICE),
    prepare: async ({ simulator, ask }) => {
      const { claimToken, deviceUuid } = simulator.mint();
      await ask('POST', '/claimed-devices', { claimToken });
      return {
        msg: { payload: claimToken },
        check: (outputs) => {
          const msg = first(outputs);
          assert.equal(msg['alreadyClaimed'], true);
          assert.equal(msg['payload'].id, deviceUuid);
        },
      };
    },
  }),
  claim({
    name: 'claim, dry run',
    step: 'dry run',
    strikes: CLAIM,
    content: NOT_NEEDED,
    versions: ['current'],
    prepare: ({ simulator }) => {
      const { claimToken, deviceUuid } = simulator.mint();
      return {
        msg: { payload: claimToken },
        config: { dryRun: true },
        check: (outputs) => assert.equal(first(outputs)['deviceId'], deviceUuid),
        harm: () => simulator.claims.get(deviceUuid) ?? 0,
      };
    },
  }),

  bulkClaim({ name: 'bulk claim', step: 'upload', strikes: BULK, prepare: uploadTwo }),
  bulkStatus({ name: 'bulk status', step: 'poll', strikes: POLL, polls: true, prepare: watchOne }),
  bulkStatus({
    name: 'bulk status, error summary',
    step: 'summary',
    host: 'summary',
    strikes: ({ host }) => host === 'summary',
    shows: false,
    prepare: watchOne,
  }),

  ...['array', 'each', 'page'].flatMap((mode) => [
    devices({
      name: `devices: ${mode} (first page)`,
      step: 'list devices',
      content: ['array body'],
      strikes: is('GET', DEVICES, /^(?!.*pageNextToken)/),
      prepare: listing(mode),
    }),
    devices({
      name: `devices: ${mode} (second page)`,
      step: 'list devices',
      content: ['array body'],
      strikes: is('GET', DEVICES, /pageNextToken/),
      prepare: listing(mode),
    }),
  ]),
];
