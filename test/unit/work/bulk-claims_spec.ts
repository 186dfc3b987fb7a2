import assert from 'node:assert/strict';
import type { NrfCloudError } from '../../../nodes/api/errors';
import { newProgress } from '../../../nodes/operations/bulk-claim-progress';
import { Abort } from '../../../nodes/util/abort';
import { BulkClaims } from '../../../nodes/work/bulk-claims';
import { NodeContextRig } from '../../support/node-context-rig';

/** A store is asked again for three minutes. */
const MAX_READING_MS = 200_000;

describe('bulk claims after a restart', () => {
  let rig: NodeContextRig;
  beforeEach(() => (rig = new NodeContextRig()));
  afterEach(() => rig.close());

  /** Takes up a recorded bulk claim of one invalid row, whose content cannot be read, and begins to continue it. */
  const resume = async () => {
    const earlier = rig.store('file');
    const work = { id: 's', content: 'text', tags: [], tokenColumn: 1, tagsColumn: 0, progress: newProgress(10) };
    await earlier.create('key', { version: 2, work, large: [] }, [{ topic: 'a' }, 'claimToken\ngarbage']);
    await earlier.close();
    const context = rig.open({ settings: () => ({ store: 'file' }) });
    const claims = new BulkClaims({ events: rig.events, settings: {} } as never, context as never);
    rig.failing = /#part1/;
    rig.failure = new Error('down');
    rig.events.emit('flows:started');
    await rig.clock.pass(400, 50);
    const [begun] = rig.begun;
    assert.ok(begun);
    const emitted: unknown[] = [];
    const task = {
      signal: new Abort(),
      settings: { uploadsAtOnce: 1 },
      source: { source: 'msg.payload' },
      api: { endingWith: () => undefined },
      get: () => undefined,
      describe: () => undefined,
      progress: () => undefined,
      continueWork: () => undefined,
      keepRecordUntil: () => undefined,
      saveWork: () => Promise.resolve(true),
      emit: (result: { payload: unknown }) => void emitted.push(result.payload),
    };
    const outcome: { result?: { payload: unknown } | undefined; error?: NrfCloudError; isEnded: boolean } = {
      isEnded: false,
    };
    void begun.handler!(task as never)
      .then(
        (result) => (outcome.result = result as never),
        (error: unknown) => (outcome.error = error as NrfCloudError),
      )
      .finally(() => (outcome.isEnded = true));
    await rig.clock.pass(1500, 50);
    return { begun, claims, task, outcome, emitted };
  };

  it('bulk claim: a recorded one whose content cannot be read goes on as soon as it can', async () => {
    const { outcome, emitted } = await resume();
    assert.equal(outcome.isEnded, false);
    assert.equal(rig.errors.length, 1);
    rig.failure = undefined;
    await rig.clock.pass(5000, 50);
    assert.equal(outcome.isEnded, true);
    assert.equal(outcome.error, undefined);
    assert.equal((outcome.result?.payload as { rows: number }).rows, 1);
    assert.equal(emitted.length, 1);
  });

  it('bulk claim: one whose content stays unreadable ends in an error, and its record is set aside', async () => {
    const { begun, outcome } = await resume();
    await rig.clock.pass(MAX_READING_MS, 500);
    assert.equal(outcome.error?.code, 'NRFCLOUD_INVALID_INPUT');
    await begun.onEnd!();
    await rig.clock.pass(400, 50);
    assert.equal(typeof (await rig.store('file').read('key'))?.['setAside'], 'string');
    assert.ok(rig.kept.has('nrfcloud_key#part1'));
  });

  it('bulk claim: a cancel ends one whose content cannot be read yet', async () => {
    const { claims, outcome } = await resume();
    const cancel = { inputs: { cancel: true }, get: () => ({ id: 's' }), describe: () => undefined };
    await claims.run(cancel as never);
    await rig.clock.pass(5000, 50);
    assert.deepEqual([outcome.isEnded, outcome.error, outcome.result], [true, undefined, undefined]);
  });

  it('bulk claim: one whose content cannot be read yet does not hold up the stop of its flow', async () => {
    const { task, outcome } = await resume();
    rig.stop();
    task.signal.abort(rig.stopped);
    await rig.clock.pass(1, 1);
    assert.equal(outcome.error?.code, 'NRFCLOUD_CLOSED');
  });
});
