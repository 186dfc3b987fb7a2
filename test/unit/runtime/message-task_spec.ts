import assert from 'node:assert/strict';
import { util } from '@node-red/util';
import type { NodeAPI, NodeMessage } from 'node-red';
import type { NodeStore } from '../../../nodes/runtime/journal/node-store';
import { MessageTask } from '../../../nodes/runtime/message-task';
import { Output, ResultSender } from '../../../nodes/runtime/output';
import { PendingMessages } from '../../../nodes/runtime/pending-messages';
import { NodeStoreRig, valuesIn } from '../../support/node-store-rig';

const LARGE = 'x'.repeat(600);

describe('MessageTask', () => {
  let rig: NodeStoreRig;
  let store: NodeStore;
  beforeEach(() => {
    rig = new NodeStoreRig();
    ({ store } = rig.deploy(''));
  });
  afterEach(() => rig.close());

  /** The task of a message, and what it did. */
  function taskOf(msg: object, { keepsRecords = true, ahead = true } = {}) {
    const seen = { sent: [] as unknown[], status: [] as unknown[], proceeded: 0, recorded: 0 };
    const context = {
      store: keepsRecords ? store : undefined,
      pending: new PendingMessages(keepsRecords ? store : undefined),
    };
    const shared = {
      lane: 'node',
      sources: { claim: { value: 'payload', type: 'msg' } },
      source: { claim: 'msg.payload' },
      operation: 'claim' as const,
      state: { rows: 1 },
      context: context as never,
      onProceed: () => seen.proceeded++,
    };
    const send = (sent: unknown): void => void seen.sent.push(sent);
    const done = (): void => undefined;
    const sender = new ResultSender(new Output({ util } as NodeAPI, 'payload', []), msg as NodeMessage, send);
    const say =
      (name: string) =>
      (value: unknown): void =>
        void seen.status.push([name, value]);
    const status = {
      waiting: say('waiting'),
      progress: say('progress'),
      describe: say('describe'),
      failAs: say('failAs'),
    };
    const task = new MessageTask(shared, msg as NodeMessage, send, done, sender, status as never, ahead);
    task.onRecorded = () => seen.recorded++;
    return { task, seen, pending: context.pending, send, done };
  }

  it('knows what the messages of its node have in common', () => {
    const { task } = taskOf({});
    assert.deepEqual([task.lane, task.source, task.state], ['node', { claim: 'msg.payload' }, { rows: 1 }]);
    assert.equal(task.resumes, false);
  });

  describe('properties of the message', () => {
    it('are read and written', () => {
      const msg = { topic: 'a' };
      const { task } = taskOf(msg);
      assert.equal(task.get('topic'), 'a');
      task.set('topic', 'b');
      assert.deepEqual(msg, { topic: 'b' });
    });

    it('stay as they are if they are read-only', () => {
      const { task } = taskOf(Object.freeze({ topic: 'a' }));
      task.set('topic', 'b');
      assert.equal(task.get('topic'), 'a');
    });

    it('are named by the error when they cannot be read', () => {
      const { task } = taskOf({
        get topic(): string {
          throw new Error('broken');
        },
      });
      assert.throws(() => task.get('topic'), { code: 'NRFCLOUD_INVALID_INPUT', message: /msg\.topic/ });
    });
  });

  describe('emit', () => {
    it('sends a copy of the message, and reports it as recorded', () => {
      const msg = { topic: 'a' };
      const { task, seen } = taskOf(msg);
      assert.equal(task.emit({ payload: 1 }), undefined);
      assert.deepEqual(seen.sent, [{ topic: 'a', payload: 1 }]);
      assert.deepEqual(msg, { topic: 'a' });
      assert.equal(seen.recorded, 1);
    });

    it('sends a copy of a message whose sender does not wait for the record', () => {
      const { task, seen } = taskOf({});
      task.onRecorded = undefined;
      void task.emit({ payload: 1 });
      assert.deepEqual(seen.sent, [{ payload: 1 }]);
    });
  });

  it('reports its status', () => {
    const { task, seen } = taskOf({});
    const texts = { active: 'a', done: 'b', failed: 'c' };
    task.waiting(true);
    task.onWaiting(false);
    task.progress('1 of 2');
    task.describe(texts as never);
    task.failAs('ended' as never);
    assert.deepEqual(seen.status, [
      ['waiting', true],
      ['waiting', false],
      ['progress', '1 of 2'],
      ['describe', texts],
      ['failAs', 'ended'],
    ]);
  });

  it('lets the next message begin once, when its request starts', () => {
    const { task, seen } = taskOf({});
    task.onStart();
    task.onStart();
    assert.equal(seen.proceeded, 1);
  });

  it('lets no message begin if none waits behind it', () => {
    const { task, seen } = taskOf({}, { ahead: false });
    task.onStart();
    assert.equal(seen.proceeded, 0);
  });

  it('holds a message whose work continues elsewhere', async () => {
    const msg = { _msgid: 'm', payload: LARGE };
    const { task, pending, send, done } = taskOf(msg);
    const held = await task.hold('key', { step: 1 }, { parts: ['row 1'] });
    assert.deepEqual([held.key, held.msg, held.send, held.done], ['key', msg, send, done]);
    assert.equal(pending.has(held), true);
    assert.deepEqual((await store.read('key'))?.['work'], { step: 1 });
    assert.deepEqual(await valuesIn(pending.workParts(held)), ['row 1']);
  });

  describe('work of the handler', () => {
    it('is recorded with the message, and saved again', async () => {
      const { task, seen } = taskOf({ _msgid: 'm', topic: LARGE, payload: 'a' });
      await task.recordWork('key', { step: 1 }, { parts: ['row 1'], replaced: ['claim'] });
      assert.deepEqual([task.resumes, task.recordKey, seen.recorded], [true, 'key', 1]);
      assert.deepEqual(await store.read('key'), { version: 2, large: ['topic'], work: { step: 1 } });
      assert.deepEqual(await valuesIn(store.parts('key')), [{ _msgid: 'm' }, LARGE, 'row 1']);
      assert.equal(await task.saveWork({ step: 2 }), true);
      assert.deepEqual(await store.read('key'), { version: 2, large: ['topic'], work: { step: 2 } });
    });

    it('is recorded without parts of its own, also if nobody waits for that', async () => {
      const { task } = taskOf({ _msgid: 'm' });
      task.onRecorded = undefined;
      await task.recordWork('key', { step: 1 });
      assert.deepEqual(await valuesIn(store.parts('key')), [{ _msgid: 'm' }]);
    });

    it('is not recorded if the store fails', async () => {
      const { task, seen } = taskOf({ _msgid: 'm' });
      // eslint-disable-next-line require-yield
      const parts = (function* (): Generator {
        throw new Error('broken');
      })();
      await task.recordWork('key', { step: 1 }, { parts });
      assert.deepEqual([task.resumes, task.recordKey, seen.recorded], [false, undefined, 1]);
      assert.equal(await task.saveWork({ step: 2 }), true);
      assert.equal(await store.read('key'), undefined);
    });

    it('is not recorded by a node that keeps no records', async () => {
      const { task, seen } = taskOf({ _msgid: 'm' }, { keepsRecords: false });
      await task.recordWork('key', { step: 1 });
      assert.deepEqual([task.resumes, task.recordKey, seen.recorded], [false, undefined, 0]);
      task.continueWork('key', { version: 2, large: [], work: { step: 1 } });
      assert.equal(await task.saveWork({ step: 2 }), true);
    });

    it('cannot be saved when its record is gone', async () => {
      const { task } = taskOf({ _msgid: 'm' });
      await task.recordWork('key', { step: 1 });
      await store.remove('key');
      assert.equal(await task.saveWork({ step: 2 }), false);
    });

    it('continues with the record that it had before a restart', async () => {
      await store.create('key', { version: 2, large: ['payload'], work: { step: 1 } }, [{ _msgid: 'm' }, LARGE]);
      const { task } = taskOf({ _msgid: 'm' });
      task.continueWork('key', (await store.read('key'))!);
      assert.deepEqual([task.resumes, task.recordKey], [true, 'key']);
      await task.saveWork({ step: 2 });
      assert.deepEqual(await store.read('key'), { version: 2, large: ['payload'], work: { step: 2 } });
    });

    it('does not continue after another restart if its record has no work', () => {
      const { task } = taskOf({ _msgid: 'm' });
      task.continueWork('key', { version: 2, large: [] });
      assert.deepEqual([task.resumes, task.recordKey], [false, 'key']);
    });

    it('is saved once more when the message becomes pending, with its record', async () => {
      const msg = { _msgid: 'm', payload: LARGE };
      const { task, pending, send, done } = taskOf(msg);
      await task.recordWork('key', { step: 1 });
      const held = await task.holdWork('key', { step: 2 });
      assert.deepEqual(held, { key: 'key', msg, send, done, record: { version: 2, large: ['payload'] } });
      assert.deepEqual(msg, { _msgid: 'm' });
      assert.equal(pending.has(held), true);
      assert.equal(task.recordKey, undefined);
      assert.deepEqual((await store.read('key'))?.['work'], { step: 2 });
    });

    it('becomes pending without a record if it has none', async () => {
      const { task } = taskOf({ _msgid: 'm', payload: LARGE });
      const held = await task.holdWork('key', { step: 1 });
      assert.equal(held.record, undefined);
      assert.deepEqual(held.msg, { _msgid: 'm', payload: LARGE });
      assert.equal(await store.read('key'), undefined);
    });

    it('is handed over with its record', async () => {
      const { task } = taskOf({ _msgid: 'm' });
      const recorded = Promise.resolve();
      task.keepRecordUntil(recorded);
      assert.equal(task.handedOver, recorded);
      await recorded;
    });
  });
});
