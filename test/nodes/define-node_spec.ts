import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import { defineNode } from '../../nodes/runtime/define-node';
import { fromMessage, typed } from '../../nodes/runtime/inputs';
import type { NodeContext, NodeDefinition, Task } from '../../nodes/runtime/node-definition';
import { closed, notConfigured } from '../../nodes/api/errors';
import { ScriptedServer, type ScriptedResponse } from '../support/scripted-server';
import { startNodeRig, stopNodeRig, type NodeRig } from '../support/node-rig';

type Spec = NodeDefinition<'value', object, unknown>;

describe('a node of whatever kind', () => {
  afterEach(stopNodeRig);

  const deploy = (
    spec: Partial<Spec>,
    connection: Record<string, unknown> = {},
    config: Record<string, unknown> = {},
  ): Promise<NodeRig> =>
    startNodeRig({
      node: (RED: NodeAPI) =>
        defineNode<'value', object, unknown>(RED, {
          type: 'played',
          operation: 'claim',
          inputs: { value: typed('payload', 'msg') },
          settings: {},
          status: { working: 'working', done: 'done' },
          run: ({ inputs }) => Promise.resolve({ payload: inputs.value }),
          ...spec,
        }),
      type: 'played',
      connection,
      config,
    });

  it('reports whatever is thrown as an error of the package', async () => {
    const flow = await deploy({ run: () => Promise.reject(new TypeError('boom')) });
    flow.send({ payload: 1 });
    await flow.ended(1);
    const { message, code, cause } = flow.caught[0]!['error'];
    assert.equal(code, 'NRFCLOUD_INVALID_INPUT');
    assert.equal(
      message,
      'NrfCloudError: claim: the message could not be handled (TypeError: boom); look at what it holds',
    );
    assert.deepEqual(cause, { operation: 'claim', method: 'POST', path: '/identities/claimed-devices', attempts: 0 });
    assert.equal(flow.caught[0]!['payload'], 1);
    assert.equal(
      flow.statuses.at(-1)!.text,
      'node-red-contrib-nrfcloud-provisioning/nrfcloud-connection:nrfcloud-connection.error.NRFCLOUD_INVALID_INPUT',
    );
  });

  it("tells the failure also of a message that Node-RED can't copy", async () => {
    const flow = await deploy({ run: () => Promise.reject(new TypeError('boom')) });
    const msg = Object.defineProperty({ _msgid: 'm1', payload: 1 }, 'thrower', {
      enumerable: true,
      get: () => assert.fail('asked'),
    });
    flow.send(msg);
    await flow.until(() => flow.caught.length > 0);
    assert.equal(flow.caught[0]!['_msgid'], 'm1');
    assert.match(flow.caught[0]!['error'].message as string, /TypeError: boom/);
  });

  it('shows statuses and names operations as it was configured', async () => {
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
    assert.match(flow.caught[0]!['error'].message as string, /list tags: /);
  });

  it('names the path of the generation that its connection speaks', async () => {
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

  it('is there though what its messages share can not be had', async () => {
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

  it('takes up what was kept, and tells what becomes of it', async () => {
    let home!: NodeContext<object, unknown>;
    const flow = await deploy({ createState: (given) => void (home = given), mayQueue: true });
    home.resume({ _msgid: 'k1', payload: 'kept' }, () => Promise.resolve({ payload: 'finished' }));
    await flow.until(() => flow.outputs[0]!.length > 0);
    assert.equal(flow.outputs[0]![0]!['payload'], 'finished');
    assert.equal(flow.outputs[0]![0]!['_msgid'], 'k1');
    home.resume({ _msgid: 'k2' }, () => Promise.reject(closed('claim')));
    home.resume({ _msgid: 'k3' }, () => Promise.reject(new Error('lost')));
    await flow.until(() => flow.caught.length > 0);
    assert.deepEqual(
      flow.caught.map((msg) => msg['_msgid'] as string),
      ['k3'],
    );
    assert.equal(flow.completed.length, 0);
  });

  it('does the rest of a message after its end, and lets the stop of the flow wait for it', async () => {
    const done: string[] = [];
    let finish = (): void => undefined;
    const flow = await deploy({
      run: (task) => {
        task.afterEnd(
          () =>
            new Promise((resolve) => {
              finish = () => {
                done.push('rest');
                resolve();
              };
            }),
        );
        return Promise.resolve({ payload: 1 });
      },
    });
    flow.send({});
    await flow.ended(1);
    const stopped = flow.stop().then(() => done.push('stopped'));
    await new Promise((resolve) => setImmediate(resolve));
    finish();
    await stopped;
    assert.deepEqual(done, ['rest', 'stopped']);
  });

  describe('whose messages wait to begin', () => {
    let service: ScriptedServer;
    beforeEach(async () => (service = await ScriptedServer.start()));
    afterEach(() => service.stop());

    // 256 of a node begin at once; those with an input that could be another one later all do.
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
        assert.equal(begun, source === 'msg' ? 256 + 4 + (sent - held) : sent);
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
