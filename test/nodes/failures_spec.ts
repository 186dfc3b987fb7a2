import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import claimNode from '../../nodes/nrfcloud-claim';
import { startSimulator, type FaultRule, type Simulator } from '../../simulator';
import { expectError, stopNodeRig, type Message, type NodeRig, type NodeRigOptions } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

/** A port on loopback where nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('failures of a request', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started));
  const claimRig = defineRig({ node: claimNode, type: 'nrfcloud-claim', connection: { retries: 0 } });
  const rig = (connection?: Record<string, unknown> | null, more?: Partial<NodeRigOptions>): Promise<NodeRig> =>
    claimRig({}, connection, more);

  /** Sends one good token and gives what Catch saw, after making sure that this was the message's only ending. */
  const failing = async (flow: NodeRig): Promise<Message> => {
    const caught = await expectError(flow, { payload: simulator.mint().claimToken });
    assert.equal(flow.statuses.at(-1)!.fill, 'red');
    assert.equal(flow.statuses.at(-1)!.shape, 'ring');
    return caught;
  };
  const claims = (): number => simulator.requests.filter(({ method }) => method === 'POST').length;

  describe('the connection', () => {
    const broken: [string, Parameters<typeof rig>][] = [
      ['is missing', [null]],
      ['has no API key', [{}, { apiKey: undefined }]],
      ['has an unset variable as API key', [{}, { apiKey: '${NO_SUCH_KEY}' }]],
      ['has an unset variable as base URL', [{ baseUrl: '${NO_SUCH_URL}' }]],
      ['has a base URL that is none', [{ baseUrl: 'nrfcloud' }]],
      ['has plain http to elsewhere', [{ baseUrl: 'http://api.example/v1' }]],
      ['has a user in its base URL', [{ baseUrl: 'https://u:p@api.example/v1' }]],
      ['has an impossible limit', [{ concurrency: 0 }]],
      ['has a key that no header can carry', [{}, { apiKey: 'a b\nc' }]],
    ];
    for (const [name, args] of broken) {
      it(`${name}: NRFCLOUD_NOT_CONFIGURED`, async () => {
        const { error } = await failing(await rig(...args));
        assert.equal(error.code, 'NRFCLOUD_NOT_CONFIGURED');
        assertSentence(error.message);
        assert.equal(simulator.requestCount, 0);
      });
    }

    it('takes its values from environment variables, and a base URL with a trailing slash', async () => {
      Object.assign(process.env, { TEST_KEY: 'sim-key', TEST_URL: `${simulator.url}/`, TEST_AT_ONCE: '3' });
      const flow = await rig({ baseUrl: '${TEST_URL}', concurrency: '${TEST_AT_ONCE}' }, { apiKey: '${TEST_KEY}' });
      for (const name of ['TEST_KEY', 'TEST_URL', 'TEST_AT_ONCE']) Reflect.deleteProperty(process.env, name);
      flow.send({ payload: simulator.mint().claimToken });
      await flow.ended(1);
      assert.equal(flow.completed.length, 1);
    });
  });

  describe('the service', () => {
    const table: [number, string][] = [
      [400, 'NRFCLOUD_REJECTED'],
      [401, 'NRFCLOUD_UNAUTHORIZED'],
      [403, 'NRFCLOUD_FORBIDDEN'],
      [404, 'NRFCLOUD_NOT_FOUND'],
      [405, 'NRFCLOUD_REJECTED'],
      [408, 'NRFCLOUD_REJECTED'],
      [409, 'NRFCLOUD_CONFLICT'],
      [422, 'NRFCLOUD_REJECTED'],
      [429, 'NRFCLOUD_RATE_LIMITED'],
      [500, 'NRFCLOUD_UNAVAILABLE'],
      [502, 'NRFCLOUD_UNAVAILABLE'],
      [503, 'NRFCLOUD_UNAVAILABLE'],
      [504, 'NRFCLOUD_UNAVAILABLE'],
    ];
    for (const [status, code] of table) {
      it(`answers ${status}: ${code}`, async () => {
        const body = { message: `because of ${status}`, details: [1] };
        simulator.faults.add({ status, body });
        const { error, statusCode } = await failing(await rig());
        assert.equal(error.code, code);
        assert.equal(error.cause.statusCode, status);
        assert.equal(statusCode, status);
        assert.deepEqual(error.cause.body, body);
        assert.equal(error.cause.requestId, 'sim-1');
        assert.equal(error.cause.operation, 'claim');
        assert.equal(error.cause.method, 'POST');
        assert.equal(error.cause.path, '/identities/claimed-devices');
        assert.equal(error.cause.attempts, 1);
        if (status !== 409) assert.match(error.message, new RegExp(`because of ${status}`));
        assertSentence(error.message);
      });
    }

    it('really refuses a wrong key and a viewer', async () => {
      const wrong = await failing(await rig({}, { apiKey: 'wrong' }));
      assert.equal(wrong['error'].code, 'NRFCLOUD_UNAUTHORIZED');
      await stopNodeRig();
      simulator.set({ viewerKeys: ['viewer'] });
      const viewer = await failing(await rig({}, { apiKey: 'viewer' }));
      assert.equal(viewer['error'].code, 'NRFCLOUD_FORBIDDEN');
    });

    const texts: [string, FaultRule, unknown][] = [
      ['text', { status: 400, body: 'plain words' }, 'plain words'],
      ['nothing', { status: 400, emptyBody: true }, undefined],
      ['detail', { status: 400, body: { detail: 'the detail' } }, { detail: 'the detail' }],
      ['title', { status: 400, body: { title: 'the title' } }, { title: 'the title' }],
      ['error', { status: 400, body: { error: 'the error' } }, { error: 'the error' }],
    ];
    for (const [name, rule, body] of texts) {
      it(`explains itself by ${name}`, async () => {
        simulator.faults.add(rule);
        const { error } = await failing(await rig());
        assert.deepEqual(error.cause.body, body);
        assertSentence(error.message);
      });
    }

    it('quotes the service only in one short line, and without tokens', async () => {
      const { claimToken } = simulator.mint();
      simulator.faults.add({ status: 400, body: { message: `bad\n[fake] line ${claimToken} ${'long '.repeat(100)}` } });
      const { error } = await failing(await rig());
      assert.equal(error.message.includes('\n'), false);
      assert.equal(error.message.includes(claimToken.slice(0, 30)), false);
      assert.ok(error.message.length < 400);
      assert.match(error.cause.body.message, /2dn3/);
    });

    it('sends a huge error body: at most 64 KiB of it are kept', async () => {
      simulator.faults.add({ status: 400, body: 'x'.repeat(1_000_000) });
      const { error } = await failing(await rig());
      assert.equal(error.code, 'NRFCLOUD_REJECTED');
      assert.equal(error.cause.body.length, 65_536);
    });

    it('echoes the key: it is redacted', async () => {
      simulator.faults.add({ status: 400, body: { message: 'your key sim-key', header: 'Bearer sim-key' } });
      const { error } = await failing(await rig());
      assert.equal(JSON.stringify(error).includes('sim-key'), false);
    });

    it('redirects: not followed, the key goes nowhere else', async () => {
      const other = await startSimulator();
      simulator.faults.add({ status: 307, redirect: `${other.url}/identities/claimed-devices` });
      const { error } = await failing(await rig());
      assert.equal(error.code, 'NRFCLOUD_BAD_RESPONSE');
      assert.equal(other.requestCount, 0);
      await other.close();
    });

    for (const [name, rule] of [
      ['an empty body', { emptyBody: true }],
      ['HTML', { status: 201, html: true }],
      ['cut JSON', { cutJson: true }],
      ['another type', { status: 201, body: [1, 2] }],
      ['a text', { status: 201, body: '"claimed"' }],
    ] as [string, FaultRule][]) {
      it(`reports success with ${name}, and look-ups as well: NRFCLOUD_BAD_RESPONSE`, async () => {
        simulator.faults.add({ status: 200, ...rule });
        const { error } = await failing(await rig());
        assert.equal(error.code, 'NRFCLOUD_BAD_RESPONSE');
        assert.equal(error.cause.operation, 'claim');
        assert.equal(error.cause.mayHaveSucceeded, true);
      });
    }
  });

  describe('the network', () => {
    it('refuses the connection: NRFCLOUD_UNAVAILABLE, with the address', async () => {
      const port = await deadPort();
      const { error } = await failing(await rig({ baseUrl: `http://127.0.0.1:${port}/v1` }));
      assert.equal(error.code, 'NRFCLOUD_UNAVAILABLE');
      assert.match(error.message, new RegExp(`ECONNREFUSED 127\\.0\\.0\\.1:${port}`));
      assert.equal(error.cause.attempts, 1);
    });

    it('does not know the host: NRFCLOUD_UNAVAILABLE', async () => {
      const { error } = await failing(await rig({ baseUrl: 'https://no-such-host.invalid/v1' }));
      assert.equal(error.code, 'NRFCLOUD_UNAVAILABLE');
      assert.match(error.message, /no-such-host\.invalid/);
    });

    it('drops every response: NRFCLOUD_UNAVAILABLE, after a look-up of the device', async () => {
      simulator.faults.add({ drop: 'before' });
      const { error } = await failing(await rig({ retries: 1 }));
      assert.equal(error.code, 'NRFCLOUD_UNAVAILABLE');
      assert.equal(error.cause.attempts, 2);
      assert.equal(claims(), 2);
    });

    for (const where of ['headers', 'body'] as const) {
      it(`stalls before the end of the ${where}: NRFCLOUD_TIMEOUT`, async () => {
        simulator.faults.add({ status: 201, body: { id: 'x' }, slow: { where, ms: 'forever' } });
        const { error } = await failing(await rig({ timeout: 0.2 }));
        assert.equal(error.code, 'NRFCLOUD_TIMEOUT');
        assertSentence(error.message);
      });
    }

    it('drips an endless success: NRFCLOUD_TIMEOUT', async () => {
      simulator.faults.add({ status: 201, dripBody: true });
      const { error } = await failing(await rig({ timeout: 0.2 }));
      assert.equal(error.code, 'NRFCLOUD_TIMEOUT');
    });

    it('drips an endless error: the part that arrived is used', async () => {
      simulator.faults.add({ status: 400, dripBody: { everyMs: 10 } });
      const { error } = await failing(await rig({ timeout: 0.2 }));
      assert.equal(error.code, 'NRFCLOUD_REJECTED');
    });

    it('sends a gigabyte: NRFCLOUD_BAD_RESPONSE, and memory does not grow', async () => {
      simulator.faults.add({ status: 201, hugeBody: 2 ** 30 });
      const { error } = await failing(await rig());
      assert.equal(error.code, 'NRFCLOUD_BAD_RESPONSE');
      assert.ok(JSON.stringify(error.cause.body).length < 70_000);
    });
  });
});
