import assert from 'node:assert/strict';
import checkNode from '../../nodes/nrfcloud-check';
import commandNode from '../../nodes/nrfcloud-command';
import onboardingNode from '../../nodes/nrfcloud-onboarding';
import rulesNode from '../../nodes/nrfcloud-rules';
import type { Simulator } from '../../simulator';
import type { NodeRig, NodeRigOptions } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

const TAG = 'nrf-cloud-onboarding';
const SEC_TAG = 16842753;

describe('requests of the nodes for onboarding', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => {
    simulator = started;
    simulator.setDeviceBehaviour('default', { contactAfterMs: null, onboardAfterMs: 0, stateAfterMs: null });
  });

  const rig = (
    node: NodeRigOptions['node'],
    type: string,
    outputs: number,
    config: Record<string, unknown>,
  ): Promise<NodeRig> => defineRig({ node, type, outputs, connection: { retries: 0 } })(config);

  /** Each request: its host, method, path and body. All of them must carry the key, and a body its type. */
  const requests = (): [host: string, line: string, body: unknown][] =>
    simulator.requests.map(({ host, method, url, headers, body }) => {
      assert.equal(headers['authorization'], 'Bearer sim-key');
      assert.equal(headers['content-type'], body === '' ? undefined : 'application/json');
      return [host, `${method} ${decodeURIComponent(url)}`, body === '' ? undefined : JSON.parse(body)];
    });
  const sent = (line: string): unknown[] => requests().filter(([, one]) => one === line);

  it('requests: a command is created at the provisioning service, and polled there by its id', async () => {
    const [id] = simulator.fill(1);
    const flow = await rig(commandNode, 'nrfcloud-command', 3, { command: 'finished', interval: 0.05 });
    flow.send({ payload: id });
    await simulator.events.waitFor('response', ({ operation }) => operation === 'getCommand');
    simulator.contact(id!);
    await flow.ended(1);
    const [command] = simulator.commands(id!);
    const path = `/v1/claimed-devices/${id}/provisioning`;
    const [first, ...polls] = requests();
    assert.deepEqual(first, ['api', `POST ${path}`, { request: { finished: {} } }]);
    assert.ok(polls.length > 0);
    for (const poll of polls) assert.deepEqual(poll, ['api', `GET ${path}/${String(command!['id'])}`, undefined]);
    assert.equal(flow.outputs[0]![0]!['payload'].status, 'SUCCEEDED');
  });

  it('requests: ensure lists the rules, defines the tag and creates the rule', async () => {
    const flow = await rig(rulesNode, 'nrfcloud-rules', 1, { operation: 'ensure', tag: TAG });
    flow.send({ payload: '' });
    await flow.ended(1);
    const lines = requests().map(([host, line]) => `${host} ${line}`);
    assert.equal(lines[0], 'api GET /v1/provisioning-rules');
    assert.deepEqual(
      lines.filter((line) => line.includes('POST')),
      ['api POST /v1/claimed-devices/tags', 'api POST /v1/provisioning-rules'],
    );
    const [[, , rule]] = sent('POST /v1/provisioning-rules') as [[string, string, Record<string, any>]];
    assert.deepEqual([rule['active'], rule['tags']], [true, [TAG]]);
    assert.deepEqual(
      rule['commands'].map(({ request }: Record<string, Record<string, any>>) => Object.entries(request!)[0]),
      [
        ['clientPrivateKeyGeneration', { secTag: SEC_TAG }],
        ['cloudAccessKeyGeneration', { secTag: SEC_TAG }],
        ['serverCertificate', { secTag: SEC_TAG, content: rule['commands'][2].request.serverCertificate.content }],
      ],
    );
    assert.equal(flow.outputs[0]![0]!['payload'].name, rule['name']);
  });

  it('requests: check asks the device API whose key it is', async () => {
    const flow = await rig(checkNode, 'nrfcloud-check', 2, {});
    flow.send({ payload: 'kept' });
    await flow.ended(1);
    assert.deepEqual(sent('GET /v1/account'), [['deviceApi', 'GET /v1/account', undefined]]);
    assert.ok(requests().every(([, line]) => line.startsWith('GET ')));
  });

  it('requests: devices are looked up at the device API, one by one and by deviceIds, and their commands at the service', async () => {
    const [known, fails] = simulator.fill(2, [TAG]) as [string, string];
    const [alone] = simulator.fill(1) as [string];
    simulator.onboard(known);
    simulator.onboard(alone);
    simulator.addRule({
      name: 'rule',
      tags: [TAG],
      active: true,
      commands: [{ request: { cloudAccessKeyGeneration: { secTag: SEC_TAG } } }],
    });
    simulator.setDeviceBehaviour(fails, { failAt: { index: 0, cme: 528, text: 'full' } });
    const config = { interval: 0.05, maxInterval: 0.1, pollRate: 200 };
    const flow = await rig(onboardingNode, 'nrfcloud-onboarding', 3, config);
    flow.send({ payload: alone });
    await flow.ended(1);
    flow.send({ payload: [known, fails] });
    await flow.until(() => flow.outputs[0]!.length === 2);
    simulator.contact(fails);
    await flow.ended(2);
    assert.deepEqual(flow.outputs[1]![0]!['payload'].stage, 'failed');
    assert.ok(sent(`GET /v1/devices/${alone}`).length > 0);
    const lists = requests().filter(([, line]) => line.includes('deviceIds='));
    assert.ok(lists.some(([host, line]) => host === 'deviceApi' && line.includes(known) && line.includes(fails)));
    const commands = `GET /v1/claimed-devices/${fails}/provisioning`;
    assert.deepEqual(sent(commands)[0], ['api', commands, undefined]);
    const device = `GET /v1/claimed-devices/${fails}`;
    assert.deepEqual(sent(device)[0], ['api', device, undefined]);
  });
});
