import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { NodeStore } from '../../../nodes/runtime/journal/node-store';
import { NodeContext } from '../../../nodes/runtime/node-context';
import { stopClock } from '../../support/clock';

describe('node context', () => {
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

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

  /** A context with a pending message whose record cannot be read for a while, and what happened. */
  const withUnreadableRecord = async (failures: number) => {
    const errors: string[] = [];
    const node = { id: 'unreadable', warn: () => undefined, error: (error: unknown) => errors.push(String(error)) };
    const RED = { events: new EventEmitter(), settings: {} };
    const configuration = { RED, node, operation: 'bulk status', settings: () => ({ store: 'default' }) };
    const begun = new EventEmitter();
    const runner = {
      display: { unpend: () => undefined },
      begin: (message: object) => Promise.resolve(void begun.emit('message', message)),
    };
    const { signal } = new AbortController();
    const context = new NodeContext<object, undefined>(configuration as never, signal, runner as never, true);
    const rows = 'x'.repeat(1000);
    const msg = { _msgid: '1', rows };
    const pending = await context.pending.hold(
      'key',
      msg,
      {},
      () => undefined,
      () => undefined,
    );
    let reads = 0;
    const { store } = context;
    const parts = store!.parts.bind(store);
    mock.method(store!, 'parts', (key: string) => {
      if (++reads <= failures) throw new Error('down');
      return parts(key);
    });
    return { context, pending, msg, rows, errors, begun, reads: () => reads };
  };

  /** Lets all promises settle, and timers that are due within a minute expire. */
  const passMinute = async (): Promise<void> => {
    await setImmediate();
    mock.timers.tick(60_000);
    await setImmediate();
  };

  it('node context: a message ends as soon as its record can be read', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const { context, pending, msg, rows, errors, begun } = await withUnreadableRecord(2);
    const message = once(begun, 'message') as Promise<[{ msg: object; handler: unknown }]>;
    const handler = (): Promise<undefined> => Promise.resolve(undefined);
    void context.end(pending, handler);
    for (let minute = 0; minute < 3; minute++) await passMinute();
    const [ended] = await message;
    assert.deepEqual(ended.msg, { _msgid: '1', rows });
    assert.deepEqual(msg, { _msgid: '1' });
    assert.equal(ended.handler, handler);
    assert.equal(errors.length, 1);
  });

  it('node context: a message whose record cannot be read in the end, ends with an error', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const { context, pending, msg, errors, begun, reads } = await withUnreadableRecord(Infinity);
    const message = once(begun, 'message') as Promise<[{ msg: object; handler: () => Promise<unknown> }]>;
    void context.end(pending, () => assert.fail());
    for (let minute = 0; minute < 12; minute++) await passMinute();
    const [ended] = await message;
    assert.equal(ended.msg, msg);
    await assert.rejects(ended.handler(), /down/);
    assert.equal(reads(), 10);
    assert.equal(errors.length, 1);
  });
});
