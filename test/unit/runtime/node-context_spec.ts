import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { NodeStore } from '../../../nodes/runtime/journal/node-store';
import { NodeContext } from '../../../nodes/runtime/node-context';
import { stopClock } from '../../support/clock';

describe('node context', () => {
  it('node context: progress of resumed work has the properties of its message', async () => {
    const RED = { events: new EventEmitter(), settings: {} };
    const warn = (): void => undefined;
    const node = { id: 'resumed', warn, error: (error: unknown) => assert.fail(String(error)) };
    const record = { version: 2, work: {}, large: [] };
    await new NodeStore(RED as never, node as never, 'default').create('key', record, [{ topic: 'a' }]);
    const sent = new EventEmitter();
    const configuration = {
      RED,
      node,
      operation: 'bulk status',
      settings: () => ({ store: 'default' }),
      connectionProblem: () => undefined,
    };
    const runner = {
      display: { unpend: () => undefined },
      senderFor: (msg: object) => ({ emit: (result: object) => sent.emit('message', { ...msg, ...result }) }),
    };
    const { signal } = new AbortController();
    const context = new NodeContext<object, undefined>(configuration as never, signal, runner as never, true);
    const message = once(sent, 'message');
    context.onRecords((_state, pending) => context.emit(pending, { payload: 1 }));
    RED.events.emit('flows:started');
    assert.deepEqual(await message, [{ topic: 'a', resumed: true, payload: 1 }]);
    await context.close();
  });

  it('node context: a result stays recorded until the next nodes have had time for it, and holds up no other', async () => {
    const MANY = 40;
    const clock = stopClock();
    try {
      const RED = { events: new EventEmitter(), settings: {} };
      const node = { id: 'ending', warn: () => undefined, error: (error: unknown) => assert.fail(String(error)) };
      const configuration = { RED, node, operation: 'bulk status', settings: () => ({ store: 'default' }) };
      let ended = 0;
      const runner = {
        display: { unpend: () => undefined },
        begin: async ({ onEnd }: { onEnd: () => Promise<void> }) => {
          ended++;
          await onEnd();
        },
      };
      const { signal } = new AbortController();
      const context = new NodeContext<object, undefined>(configuration as never, signal, runner as never, true);
      const keys = Array.from({ length: MANY }, (_, index) => `key ${index}`);
      for (const key of keys) {
        const pending = await context.pending.hold(
          key,
          { _msgid: key },
          {},
          () => undefined,
          () => undefined,
        );
        void context.end(pending, () => Promise.resolve(undefined));
      }
      const kept = async (): Promise<number> => {
        const states = await Promise.all(keys.map((key) => context.store!.read(key)));
        return states.filter((state) => state !== undefined).length;
      };
      await clock.pass(200);
      assert.deepEqual([ended, await kept()], [MANY, MANY]);
      await clock.pass(100);
      assert.equal(await kept(), 0);
      await context.close();
    } finally {
      clock.restore();
    }
  });
});
