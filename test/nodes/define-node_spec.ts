import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import { defineNode } from '../../nodes/runtime/define-node';
import { fromMessage, typed } from '../../nodes/runtime/inputs';
import { registerNode } from '../../nodes/runtime/register-node';
import type { NodeContext } from '../../nodes/runtime/node-context';
import { PENDING, type NodeDefinition, type Task } from '../../nodes/runtime/node-definition';
import type { PendingMessage } from '../../nodes/runtime/pending-messages';
import { notConfigured } from '../../nodes/api/errors';
import { ScriptedServer, type ScriptedResponse } from '../support/scripted-server';
import { startNodeRig, stopNodeRig, type NodeRig } from '../support/node-rig';
import { assertSentence } from '../support/sentences';

type Spec = NodeDefinition<'value', object, unknown>;

describe('defineNode', () => {
  afterEach(stopNodeRig);

  const deploy = (
    spec: Partial<Spec>,
    connection: Record<string, unknown> = {},
    config: Record<string, unknown> = {},
  ): Promise<NodeRig> =>
    startNodeRig({
      node: (RED: NodeAPI) =>
        registerNode(RED, 'played', () =>
          defineNode<'value', object, unknown>({
            operation: 'claim',
            inputs: { value: typed('payload', 'msg') },
            settings: {},
            status: { working: 'working', done: 'done' },
            run: ({ inputs }) => Promise.resolve({ payload: inputs.value }),
            ...spec,
          }),
        ),
      type: 'played',
      connection,
      config,
    });

  it('reports anything thrown as NRFCLOUD_INTERNAL_ERROR', async () => {
    const flow = await deploy({ run: () => Promise.reject(new TypeError('boom')) });
    flow.send({ payload: 1 });
    await flow.ended(1);
    const { message, code, cause } = flow.caught[0]!['error'];
    assert.equal(code, 'NRFCLOUD_INTERNAL_ERROR');
    assert.equal(
      message,
      'claim: the node failed unexpectedly (TypeError: boom); report it with the stack of this error',
    );
    assert.deepEqual(cause, { operation: 'claim', method: 'POST', path: '/identities/claimed-devices', attempts: 0 });
    assert.equal(flow.caught[0]!['payload'], 1);
    assert.equal(
      flow.statuses.at(-1)!.text,
      'node-red-contrib-nrfcloud-provisioning/nrfcloud-connection:nrfcloud-connection.error.NRFCLOUD_INTERNAL_ERROR',
    );
  });

  it('reports the failure of a message that Node-RED cannot copy', async () => {
    const flow = await deploy({ run: () => Promise.reject(new TypeError('boom')) });
    const msg = Object.defineProperty({ _msgid: 'm1', payload: 1 }, 'thrower', {
      enumerable: true,
      get: () => assert.fail('asked'),
    });
    flow.send(msg);
    await flow.until(() => flow.caught.length > 0);
    assert.equal(flow.caught[0]!['_msgid'], 'm1');
    assertSentence(flow.caught[0]!['error'].message);
  });

  it('shows the status texts and the operation of its configuration', async () => {
    const flow = await deploy(
      {
        status: ({ kind }) => ({ working: `working on ${String(kind)}`, done: `done with ${String(kind)}` }),
        operation: ({ kind }) => (kind === 'tags' ? 'list tags' : 'claim'),
        run: ({ inputs }) =>
          inputs.value === 1 ? Promise.resolve({ payload: 2 }) : Promise.reject(new Error('no number one')),
      },
      {},
      { kind: 'tags' },
    );
    flow.send({ payload: 1 });
    await flow.ended(1);
    assert.deepEqual(
      flow.statuses.map(({ text }) => text),
      ['working on tags', 'done with tags'],
    );
    flow.send({ payload: 2 });
    await flow.ended(2);
    assertSentence(flow.caught[0]!['error'].message);
  });

  it('names the path of the API version of its connection in errors', async () => {
    const flow = await deploy(
      { operation: 'list tags', run: () => Promise.reject(new Error('x')) },
      { api: 'current' },
    );
    flow.send({});
    await flow.ended(1);
    const current = flow.caught[0]!['error'].cause.path as string;
    await stopNodeRig();
    for (const connection of ['connection', 'gone', undefined]) {
      const guide = await deploy(
        { operation: 'list tags', run: () => Promise.reject(new Error('x')) },
        {},
        { connection },
      );
      guide.send({});
      await guide.ended(1);
      assert.equal(guide.caught[0]!['error'].cause.path, '/claimed-devices/tags');
      await stopNodeRig();
    }
    assert.notEqual(current, '/claimed-devices/tags');
  });

  it('works although its shared state cannot be created', async () => {
    const flow = await deploy({
      createState: () => {
        throw notConfigured('claim', 'not yet');
      },
      run: ({ state }: Task<'value', object, unknown>) => Promise.resolve({ payload: String(state) }),
    });
    flow.send({});
    await flow.ended(1);
    assert.equal(flow.outputs[0]![0]!['payload'], 'undefined');
  });

  it('node: a pending message ends when its context ends it, and the node is blue until then', async () => {
    let context!: NodeContext<object, unknown>;
    const held: PendingMessage[] = [];
    const flow = await deploy({
      createState: (given) => void (context = given),
      run: async (task) => {
        held.push(await task.hold(String(task.get('_msgid')), {}));
        return PENDING;
      },
    });
    flow.send({ _msgid: 'm1', payload: 1 });
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(flow.completed.length, 0);
    assert.equal(flow.statuses.at(-1)!.fill, 'blue');
    await context.end(held[0]!, () => Promise.resolve({ payload: 'finished' }));
    await flow.ended(1);
    assert.equal(flow.outputs[0]![0]!['payload'], 'finished');
    assert.equal(flow.outputs[0]![0]!['_msgid'], 'm1');
    assert.equal(flow.statuses.at(-1)!.fill, 'green');
  });

  it('node: a pending message ends in NRFCLOUD_CLOSED when the flow is stopped', async () => {
    const done: (Error | undefined)[] = [];
    const flow = await deploy({
      createState: () => undefined,
      run: async (task) => {
        await task.hold('key', {});
        return PENDING;
      },
    });
    flow.node.on('input', () => undefined);
    const finish = (flow.node as unknown as { _complete: (msg: object, error?: Error) => void })._complete;
    (flow.node as unknown as { _complete: (msg: object, error?: Error) => void })._complete = function (msg, error) {
      done.push(error);
      finish.call(this, msg, error);
    };
    flow.send({ payload: 1 });
    await flow.until(() => flow.statuses.length > 0);
    await flow.stop();
    assert.deepEqual(
      done.filter((error) => error !== undefined).map((error) => 'code' in error && error.code),
      ['NRFCLOUD_CLOSED'],
    );
  });

  describe('whose messages wait to start', () => {
    let service: ScriptedServer;
    beforeEach(async () => (service = await ScriptedServer.start()));
    afterEach(() => service.stop());

    // 32 of a node begin at once; those with an input that could be another one later all do.
    for (const source of ['msg', 'flow'] as const) {
      it(`holds no more than its connection does: input from ${source}`, async () => {
        const [sent, held] = [400, 4 + 280];
        const answers: (() => void)[] = [];
        const later: ScriptedResponse = (_request, response) => void answers.push(() => response.end('[]'));
        service.respondWith(...Array<ScriptedResponse>(held).fill(later));
        let begun = 0;
        const flow = await deploy(
          {
            mayQueue: true,
            inputs: { value: source === 'msg' ? fromMessage('payload') : typed('payload', 'flow') },
            run: async ({ api }) => {
              begun++;
              return { payload: (await api.send('list devices', { parse: (body) => body })).statusCode };
            },
          },
          { baseUrl: `${service.origin}/v1`, concurrency: 4, queueLimit: 280 },
        );
        for (let message = 0; message < sent; message++) flow.send({ payload: message });
        await flow.until(() => flow.caught.length === sent - held);
        assert.ok(flow.caught.every((msg) => msg['error'].code === 'NRFCLOUD_QUEUE_FULL'));
        // Another one for each request that has started; and who is refused, to be told why.
        assert.equal(begun, source === 'msg' ? 32 + 4 + (sent - held) : sent);
        while (flow.completed.length < held) {
          answers.shift()?.();
          await new Promise((resolve) => setImmediate(resolve));
        }
        assert.equal(flow.caught.length, sent - held);
        assert.equal(begun, sent);
      });
    }
  });
});
