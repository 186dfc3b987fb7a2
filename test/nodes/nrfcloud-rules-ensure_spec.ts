import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { generate } from 'selfsigned';
import rulesNode from '../../nodes/nrfcloud-rules';
import type { RequestRecord, Simulator } from '../../simulator';
import { expectError, expectResults, type Message } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

const TAG = 'nrf-cloud-onboarding';
const AMAZON = '8E:CD:E6:88:4F:3D:87:B1:12:5B:A3:1A:C3:FC:B1:3D:70:16:DE:7F:57:CC:90:4F:E1:CB:97:C6:AE:98:19:6E';
const COAP = '40:47:1D:DD:6E:21:BA:63:BA:94:C6:F3:A6:DF:59:C8:33:B5:1B:2E:63:BB:72:17:F5:52:9B:D7:13:43:5F:52';

describe('nrfcloud-rules: ensure', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started));
  const rig = defineRig({ node: rulesNode, type: 'nrfcloud-rules', connection: { retries: 0, timeout: 1 } });
  let own: { cert: string; private: string };
  before(async () => {
    own = await generate([{ name: 'commonName', value: 'own' }], { algorithm: 'sha256' });
  });

  const created = (): RequestRecord[] =>
    simulator.requests.filter(({ method, url }) => method === 'POST' && url.includes('/provisioning-rules'));
  const run = async (config: Record<string, unknown>, msg: Message = {}): Promise<Message> => {
    const [result] = await expectResults(await rig(config), { payload: 'kept?', topic: 'kept', ...msg });
    return result!;
  };
  const fails = async (config: Record<string, unknown>, msg: Message = {}): Promise<Message> =>
    expectError(await rig(config), { payload: 'kept', ...msg });
  const rule = (name: string, tags: string[], more: object = {}): Record<string, unknown> =>
    simulator.addRule({ name, tags, active: true, commands: [{ request: { finished: {} } }], ...more });

  for (const api of ['guide', 'current'] as const) {
    it(`ensure: creates the tag and the active rule once (${api})`, async () => {
      simulator.set({ api });
      const flow = await rig({ operation: 'ensure' }, { api });
      flow.send({ topic: 'first' });
      await flow.ended(1);
      flow.send({ topic: 'second' });
      await flow.ended(2);
      const [first, second] = flow.outputs[0]!;
      assert.equal(first!['existed'], false);
      assert.equal(first!['statusCode'], 201);
      assert.equal(second!['existed'], true);
      assert.equal(second!['payload'].id, first!['payload'].id);
      assert.equal('warnings' in second!, false);
      assert.deepEqual(
        simulator.tags().map(({ tag }) => tag),
        [TAG],
      );
      assert.equal(created().length, 1);
      const [request] = created();
      assert.equal(request!.url, '/v1/provisioning-rules');
      assert.equal(request!.headers['content-type'], 'application/json');
      const { commands, ...rest } = JSON.parse(request!.body) as Message;
      assert.deepEqual(rest, {
        name: 'nRF Cloud Onboarding',
        description: 'Onboarding rule for nRF Cloud',
        active: true,
        tags: [TAG],
      });
      assert.deepEqual(
        (commands as { request: object }[]).map(({ request: command }) => Object.keys(command)[0]),
        ['clientPrivateKeyGeneration', 'cloudAccessKeyGeneration', 'serverCertificate'],
      );
      for (const { request: command } of commands as { request: Record<string, Message> }[]) {
        assert.equal(Object.values(command)[0]!['secTag'], 16842753);
      }
    });
  }

  const contentOf = (): string =>
    (JSON.parse(created()[0]!.body) as Message)['commands'][2].request.serverCertificate.content as string;
  const fingerprints = (pem: string): string[] =>
    pem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g)!.map((one) => new X509Certificate(one).fingerprint256);

  it('ensure: aws+coap installs both roots, and warns that they are long', async () => {
    const msg = await run({ operation: 'ensure' });
    assert.deepEqual(fingerprints(contentOf()), [AMAZON, COAP]);
    assert.equal(contentOf().length, 1792);
    assert.equal(msg['warnings'].length, 1);
  });

  it('ensure: aws installs Amazon Root CA 1 alone, without a warning', async () => {
    const msg = await run({ operation: 'ensure', certificates: 'aws', secTag: 7 });
    assert.deepEqual(fingerprints(contentOf()), [AMAZON]);
    assert.equal('warnings' in msg, false);
    assert.equal(
      (JSON.parse(created()[0]!.body) as Message)['commands'][0].request.clientPrivateKeyGeneration.secTag,
      7,
    );
  });

  it('ensure: own installs certificates from an environment variable with \\n', async () => {
    process.env['TEST_ROOT'] = own.cert.replace(/\r?\n/g, '\\n');
    try {
      await run({ operation: 'ensure', certificates: 'own', content: 'TEST_ROOT', contentType: 'env' });
    } finally {
      delete process.env['TEST_ROOT'];
    }
    assert.equal(new X509Certificate(contentOf()).fingerprint256, new X509Certificate(own.cert).fingerprint256);
  });

  for (const [what, config] of [
    ['no PEM', (): object => ({ certificates: 'own', content: 'hello' })],
    ['no certificate at all', (): object => ({ certificates: 'own', content: '' })],
    ['a private key', (): object => ({ certificates: 'own', content: own.private })],
    ['a cut certificate', (): object => ({ certificates: 'own', content: own.cert.slice(0, 300) })],
    ['a damaged certificate', (): object => ({ certificates: 'own', content: own.cert.replace('MII', 'MIA') })],
    ['security tag -1', (): object => ({ secTag: -1 })],
    ['security tag 2^32', (): object => ({ secTag: 4294967296 })],
    ['an empty tag', (): object => ({ tag: ' ' })],
    ['an empty name', (): object => ({ ruleName: '' })],
    ['a name that is a number', (): object => ({ ruleName: 'name', ruleNameType: 'msg' })],
  ] as const) {
    it(`ensure: refuses ${what} and sends nothing`, async () => {
      const msg = await fails({ operation: 'ensure', ...config() }, { name: 7 });
      assert.equal(msg['error'].code, 'NRFCLOUD_INVALID_INPUT');
      assert.doesNotMatch(msg['error'].message as string, /PRIVATE|MII/);
      assert.equal(simulator.requestCount, 0);
    });
  }

  it('ensure: leaves a rule of another name alone, and reports it', async () => {
    const existing = rule('made by hand', [TAG]);
    const msg = await run({ operation: 'ensure' });
    assert.deepEqual(msg['payload'], existing);
    assert.equal(msg['existed'], true);
    assert.match(msg['warnings'][0] as string, /made by hand/);
    assert.equal(created().length, 0);
    assert.equal(simulator.rules().length, 1);
  });

  for (const ruleState of ['status', 'active', 'both'] as const) {
    it(`ensure: reports a draft, shown by ${ruleState}`, async () => {
      simulator.set({ ruleState });
      rule('nRF Cloud Onboarding', [TAG], { active: false });
      assert.match((await run({ operation: 'ensure' }))['warnings'][0] as string, /not active/);
      assert.equal(created().length, 0);
    });
  }

  it('ensure: says that it does not know whether a rule is active', async () => {
    simulator.set({ ruleFields: 'tags' });
    rule('nRF Cloud Onboarding', [TAG]);
    const msg = await run({ operation: 'ensure' });
    assert.equal(msg['existed'], true);
    assert.equal(msg['warnings'].length, 1);
  });

  for (const ruleDuplicateStatus of [400, 409, 422]) {
    it(`ensure: reports a name that another rule has, refused with ${ruleDuplicateStatus}`, async () => {
      simulator.set({ ruleDuplicateStatus });
      rule('nRF Cloud Onboarding', ['other']);
      const msg = await fails({ operation: 'ensure' });
      assert.equal(msg['error'].code, 'NRFCLOUD_CONFLICT');
      assert.equal(simulator.rules().length, 1);
    });
  }

  it('ensure: takes the rule that somebody else creates meanwhile', async () => {
    simulator.set({ latency: 20 });
    const flow = await rig({ operation: 'ensure' });
    const listed = simulator.events.waitFor('response', ({ operation }) => operation === 'listRules');
    flow.send({});
    await listed;
    rule('nRF Cloud Onboarding', [TAG]);
    await flow.ended(1);
    assert.equal(flow.outputs[0]![0]!['existed'], true);
    assert.equal(simulator.rules().length, 1);
  });

  for (const [what, fault] of [
    ['the connection is cut', { drop: 'after' }],
    ['the response is 500', { status: 500, afterWork: true }],
    ['the response has no body', { emptyBody: true }],
    ['the response is not about the rule', { status: 200, body: { name: 'other' }, afterWork: true }],
  ] as const) {
    it(`ensure: finds the rule that was created although ${what}`, async () => {
      simulator.faults.add({ match: { operation: 'createRule' }, times: 1, ...fault });
      const msg = await run({ operation: 'ensure' });
      assert.equal(msg['existed'], false);
      assert.deepEqual(msg['payload'], simulator.rules()[0]);
      assert.equal(created().length, 1);
    });
  }

  it('ensure: says that the rule may exist when it cannot be found after a lost response', async function () {
    this.timeout(20_000);
    simulator.faults.add({ match: { operation: 'createRule' }, times: 1, drop: 'before' });
    const flow = await rig({ operation: 'ensure' });
    const end = flow.until(() => flow.caught.length > 0, 'the error').catch(() => undefined);
    flow.send({});
    await end;
    assert.equal(flow.caught[0]!['error'].cause.mayHaveSucceeded, true);
    assert.equal(created().length, 1);
  });

  it('ensure: a service that refuses undefined tags gets the tag first', async () => {
    simulator.set({ ruleUndefinedTags: 'refuse' });
    assert.equal((await run({ operation: 'ensure' }))['existed'], false);
  });

  it('ensure: four flows with two connections at once end with one rule', async () => {
    simulator.set({ latency: [0, 20] });
    const others = [1, 2, 3].map((number) => ({
      id: `other${number}`,
      z: 'tab',
      type: 'nrfcloud-rules',
      x: 1,
      y: 1,
      connection: number === 3 ? 'connection2' : 'connection',
      operation: 'ensure',
      wires: [['out0']],
    }));
    const flow = await rig(
      { operation: 'ensure' },
      {},
      {
        nodes: [...others, { id: 'connection2', type: 'nrfcloud-connection', baseUrl: simulator.url }],
        credentials: { connection2: { apiKey: 'sim-key' } },
      },
    );
    flow.send({});
    for (const { id } of others) flow.other(id).receive({});
    await flow.until(() => flow.outputs[0]!.length === 4);
    assert.equal(simulator.rules().length, 1);
    assert.equal(created().length, 1);
    assert.equal(flow.outputs[0]!.filter(({ existed }) => existed === true).length, 3);
  });

  it('ensure: reports the refusal of a key that may not write', async () => {
    simulator.set({ role: 'viewer' });
    assert.equal((await fails({ operation: 'ensure' }))['error'].code, 'NRFCLOUD_FORBIDDEN');
    assert.equal(simulator.rules().length, 0);
  });

  it('the embedded CoAP root is the one that is documented with it', () => {
    const source = readFileSync(require.resolve('../../nodes/operations/root-certificates.ts'), 'utf8');
    const [pem] = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(source)!;
    assert.equal(new X509Certificate(pem).fingerprint256, COAP);
  });
});
