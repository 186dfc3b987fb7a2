import assert from 'node:assert/strict';
import claimNode from '../../nodes/nrfcloud-claim';
import { Abort } from '../../nodes/util/abort';
import { getAccount } from '../../nodes/api/device-management';
import { Api } from '../../nodes/api/api';
import { connectionProblem, type ConnectionNode } from '../../nodes/runtime/connection';
import { startSimulator, type Simulator } from '../../simulator';
import { adminRequest, startNodeRig, type NodeRig, type NodeRigOptions } from '../support/node-rig';
import { ScriptedServer } from '../support/scripted-server';
import { useSimulator } from '../support/use-simulator';
import helper from 'node-red-node-test-helper';

const SECRET = 'the-key-of-the-team';

describe('the settings of a connection', () => {
  let simulator: Simulator;
  useSimulator((started) => (simulator = started));

  const rig = (connection: Record<string, unknown> = {}, more: Partial<NodeRigOptions> = {}): Promise<NodeRig> =>
    startNodeRig({
      node: claimNode,
      type: 'nrfcloud-claim',
      connection: { baseUrl: simulator.url, retries: 0, ...connection },
      ...more,
    });
  const warnings = (): string[] =>
    (helper.log() as unknown as { args: { level: number; msg: unknown; id?: string }[][] }).args
      .map(([entry]) => entry!)
      .filter(({ level, id }) => level === 30 && id === 'connection')
      .map(({ msg }) => String(msg));
  const withEnv = async (values: Record<string, string>, run: () => Promise<void>): Promise<void> => {
    Object.assign(process.env, values);
    try {
      await run();
    } finally {
      for (const name of Object.keys(values)) Reflect.deleteProperty(process.env, name);
    }
  };

  for (const [what, connection, apiKey, property] of [
    ['no key', {}, '', 'apiKey'],
    ['an unset variable as key', {}, '${NOT_SET}', 'apiKey'],
    ['a variable in another notation as key', {}, '$(NRF_KEY)', 'apiKey'],
    ['a header as key', {}, `Bearer ${SECRET}`, 'apiKey'],
    ['a key in quotes', {}, `"${SECRET}"`, 'apiKey'],
    ['a key with odd characters', {}, `${SECRET}\u200b`, 'apiKey'],
    ['a host that is an unset variable', { baseUrl: 'https://${NOT_SET}/v1' }, SECRET, 'baseUrl'],
    ['a key with an unset variable inside', {}, 'key-${NOT_SET}', 'apiKey'],
    ['a base URL that is no text', { baseUrl: { href: 'https://example.com' } }, SECRET, 'baseUrl'],
    ['a device API that is a number', { deviceApiUrl: 5 }, SECRET, 'deviceApiUrl'],
    ['a host that cannot exist', { baseUrl: 'https://$(HOST)x{/v1' }, SECRET, 'baseUrl'],
    ['plain http', { baseUrl: 'http://example.com/v1' }, SECRET, 'baseUrl'],
    ['a device API over plain http', { deviceApiUrl: 'http://example.com/v1' }, SECRET, 'deviceApiUrl'],
    ['a number out of range', { outageWait: -1 }, SECRET, 'outageWait'],
  ] as const) {
    it(`are reported once at deploy if they cannot work: ${what}`, async () => {
      const { send, ended, caught, node } = await rig(connection, { apiKey });
      assert.equal(warnings().length, 1, JSON.stringify(warnings()));
      assert.equal(JSON.stringify(warnings()).includes(SECRET), false);
      const RED = { nodes: { getNode: (id: string) => helper.getNode(id) } };
      assert.equal(connectionProblem(RED as never, 'connection')?.property, property);
      assert.equal(connectionProblem(RED as never, node.id)?.property, 'connection');
      send({ payload: simulator.mint().claimToken });
      await ended(1);
      assert.equal(caught[0]!['error'].code, 'NRFCLOUD_NOT_CONFIGURED');
      assert.equal(simulator.requestCount, 0);
    });
  }

  for (const [what, options] of [
    ['without an API key', { apiKey: undefined }],
    ['with an unset variable as its base URL', { connection: { baseUrl: '${NOT_SET_ANYWHERE}' } }],
    ['that is not there', { connection: null }],
  ] as const) {
    it(`connection: a node whose connection is one ${what} is red at deploy`, async () => {
      const flow = await startNodeRig({ node: claimNode, type: 'nrfcloud-claim', ...options });
      await flow.until(() => flow.statuses.length > 0);
      const { fill, shape, text } = flow.statuses.at(-1)!;
      assert.deepEqual([fill, shape], ['red', 'ring']);
      assert.match(String(text), /NRFCLOUD_NOT_CONFIGURED$/);
    });
  }

  it('are not reported if they work', async () => {
    await rig();
    assert.deepEqual(warnings(), []);
    const RED = { nodes: { getNode: (id: string) => helper.getNode(id) } };
    assert.equal(connectionProblem(RED as never, 'connection'), undefined);
  });

  it('warn of an organization auth token, which is still sent', async () => {
    simulator.setApiKey('oat_123');
    const { send, ended, completed } = await rig({}, { apiKey: 'oat_123' });
    assert.equal(warnings().length, 1);
    send({ payload: simulator.mint().claimToken });
    await ended(1);
    assert.equal(completed.length, 1);
  });

  it('may have a key with a variable inside, as the test of the connection has', () =>
    withEnv({ SPEC_REST: 'key' }, async () => {
      const { send, ended, completed } = await rig({}, { apiKey: 'sim-${SPEC_REST}' });
      assert.deepEqual(warnings(), []);
      send({ payload: simulator.mint().claimToken });
      await ended(1);
      assert.equal(completed.length, 1);
    }));

  it('may be variables inside text', () =>
    withEnv({ SPEC_HOST: simulator.url.slice(7, -3) }, async () => {
      const { send, ended, completed } = await rig({ baseUrl: 'http://${SPEC_HOST}/v1/' });
      send({ payload: simulator.mint().claimToken });
      await ended(1);
      assert.equal(completed.length, 1);
    }));

  it('name the device API, which gets the same key', async () => {
    const devices = await ScriptedServer.start();
    await rig({ deviceApiUrl: `${devices.origin}/v1` });
    devices.respondWith([200, { team: { name: 'Team' }, role: 'owner' }]);
    const { client } = helper.getNode('connection') as unknown as ConnectionNode;
    const { body } = await getAccount(new Api(client!, { signal: new Abort(), lane: 'test' }));
    assert.deepEqual([body.teamName, body.role], ['Team', 'owner']);
    assert.equal(devices.requests[0]!.headers['authorization'], 'Bearer sim-key');
    await devices.stop();
  });

  describe('in a test of the dialog', () => {
    const post = async (body: object): Promise<Record<string, unknown>> =>
      (await adminRequest().post('/nrfcloud-connection/test').send(body).expect(200)).body as Record<string, unknown>;

    it('are only accepted as JSON', async () => {
      await rig();
      for (const type of ['form', 'text/plain']) {
        await adminRequest()
          .post('/nrfcloud-connection/test')
          .type(type)
          .send(type === 'form' ? { id: 'connection' } : '{"id":"connection"}')
          .expect(415);
      }
      assert.equal(simulator.requestCount, 0);
    });

    it('use a variable in a typed key only for the host of the deployed connection', () =>
      withEnv({ SPEC_KEY: 'sim-key' }, async () => {
        const other = await startSimulator();
        await rig();
        const config = { baseUrl: simulator.url };
        assert.equal((await post({ id: 'connection', config, apiKey: '${SPEC_KEY}' }))['keyAccepted'], true);
        for (const request of [
          { id: 'connection', config: { baseUrl: other.url }, apiKey: '${SPEC_KEY}' },
          { id: 'connection', config: { ...config, deviceApiUrl: other.url }, apiKey: 'x${SPEC_KEY}' },
          { id: 'connection', config: { ...config, deviceApiUrl: other.url } },
          { config, apiKey: '${SPEC_KEY}' },
        ]) {
          const { reachable, problem } = await post(request);
          assert.equal(reachable, false);
          assert.equal(typeof problem, 'string');
        }
        assert.equal(other.requestCount, 0);
        await other.close();
      }));

    it('are reported with team, role and warnings', async () => {
      const devices = await ScriptedServer.start();
      await rig();
      devices.respondWith([200, { team: { name: 'Team' }, role: 'owner' }]);
      simulator.setApiKey('oat_1');
      const config = { baseUrl: simulator.url, deviceApiUrl: devices.origin };
      const { warnings: found, ...rest } = await post({ config, apiKey: 'oat_1' });
      assert.deepEqual(rest, {
        reachable: true,
        keyAccepted: true,
        generations: ['guide', 'current'],
        team: 'Team',
        role: 'owner',
      });
      assert.equal((found as string[]).length, 1);
      await devices.stop();
    });
  });
});
