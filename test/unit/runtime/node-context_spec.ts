import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { NodeStore } from '../../../nodes/runtime/journal/node-store';
import { NodeContext } from '../../../nodes/runtime/node-context';

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
});
