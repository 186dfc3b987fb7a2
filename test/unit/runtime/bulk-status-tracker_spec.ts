import assert from 'node:assert/strict';
import { DamagedRecord } from '../../../nodes/runtime/journal/damaged-record';
import { BulkStatusTracker } from '../../../nodes/work/bulk-status-tracker';

describe('bulk status tracker', () => {
  it('bulk status tracker: a record without the id of an operation is damaged and not polled', () => {
    const requests: unknown[] = [];
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
    };
    new BulkStatusTracker(context as never);
    for (const work of [{ deadline: null }, { id: '' }]) {
      assert.throws(() => resume({ version: 2, work, msg: {} }, { key: 'a' }), DamagedRecord);
    }
    assert.deepEqual(requests, []);
    closing.abort();
  });
});
