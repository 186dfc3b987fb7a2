import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { loadUndici } from '../../../nodes/http/dispatcher';
import { runConnectionTest, type ConnectionTestRequest } from '../../../nodes/runtime/connection-test';
import type { ConnectionTestResult } from '../../../nodes/api/connection-test';
import { ConnectionRig } from '../../support/connection-rig';
import { ScriptedServer } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const OTHER_HOST = 'http://127.0.0.1:9/v1';

describe('runConnectionTest', () => {
  let rig: ConnectionRig;
  let service: ScriptedServer;
  // The first test would need the time for that.
  before(() => void loadUndici());
  beforeEach(async () => {
    rig = new ConnectionRig();
    service = await ScriptedServer.start();
  });
  afterEach(async () => {
    await rig.stop();
    await service.stop();
  });

  /** Tests a connection with a service that takes every key. */
  const test = ({ config, ...request }: ConnectionTestRequest): Promise<ConnectionTestResult> => {
    service.respondWith([200, []], [200, []], [404]);
    return runConnectionTest(rig.RED, { config: { baseUrl: service.origin, ...(config as object) }, ...request });
  };
  /** What is wrong with a test that must not send anything. */
  const problemOf = async (request: ConnectionTestRequest): Promise<string> => {
    const { problem, ...rest } = await runConnectionTest(rig.RED, request);
    assert.deepEqual(rest, { reachable: false, generations: [] });
    assert.equal(service.requests.length, 0);
    return problem!;
  };
  const keys = (): unknown[] => service.requests.map(({ headers }) => headers.authorization);

  it('connection test: the typed key is used for any host', async () => {
    assert.deepEqual(await test({ apiKey: 'typed' }), { reachable: true, keyAccepted: true, generations: ['guide'] });
    assert.deepEqual(keys(), Array(3).fill('Bearer typed'));
  });

  it('connection test: what may be wrong with the key is reported', async () => {
    const { warnings } = await test({ apiKey: 'oat_1' });
    assert.equal(warnings?.length, 1);
  });

  it('connection test: what is wrong with the device API is reported, too', async () => {
    const config = { deviceApiUrl: `${service.origin}/devices` };
    service.respondWith([200, []], [200, []], [404], [500]);
    const { warnings } = await runConnectionTest(rig.RED, {
      config: { baseUrl: service.origin, ...config },
      apiKey: 'oat_1',
    });
    assert.equal(warnings?.length, 2);
  });

  it('connection test: a service that fails is asked once, whatever the dialog says of retries', async () => {
    service.respondWith([500]);
    const config = { baseUrl: service.origin, retries: 5 };
    assert.equal((await runConnectionTest(rig.RED, { config, apiKey: 'typed' })).reachable, true);
    assert.equal(service.requests.length, 1);
  });

  it('connection test: its sockets are closed at its end', async () => {
    const sockets = new Set<Socket>();
    service.respondWith(
      ...Array.from({ length: 3 }, () => (request: { socket: Socket }, response: { end(body: string): void }) => {
        sockets.add(request.socket);
        response.end('[]');
      }),
    );
    await runConnectionTest(rig.RED, { config: { baseUrl: service.origin }, apiKey: 'typed' });
    assert.ok(sockets.size > 0);
    for (const socket of sockets) {
      if (!socket.closed) await once(socket, 'close', { signal: AbortSignal.timeout(1000) });
    }
  });

  it('connection test: without a typed key the stored one is used for the host of the deployed connection', async () => {
    rig.open({ baseUrl: `${service.origin}/v1` }, { apiKey: '${KEY}', variables: { KEY: 'stored' } });
    for (const apiKey of [undefined, null]) {
      assert.equal((await test({ id: 'connection', apiKey })).keyAccepted, true);
    }
    assert.deepEqual(keys(), Array(6).fill('Bearer stored'));
  });

  it('connection test: neither the stored key nor a variable is sent to another host', async () => {
    rig.open({ baseUrl: OTHER_HOST }, { apiKey: 'stored', variables: { KEY: 'secret' } });
    for (const apiKey of [undefined, '${KEY}', 'a${KEY}']) {
      for (const config of [{ baseUrl: service.origin }, { baseUrl: OTHER_HOST, deviceApiUrl: service.origin }]) {
        assertSentence(await problemOf({ id: 'connection', config, apiKey }));
      }
    }
  });

  it('connection test: a variable in a typed key is used for the host of the deployed connection', async () => {
    rig.open({ baseUrl: service.origin }, { variables: { KEY: 'secret' } });
    assert.equal((await test({ id: 'connection', apiKey: 'a-${KEY}' })).keyAccepted, true);
    assert.equal(keys()[0], 'Bearer a-secret');
  });

  it('connection test: a variable in a typed key that is not set is named for any host', async () => {
    const problem = await problemOf({ config: { baseUrl: service.origin }, apiKey: '${NOT_SET}' });
    assertSentence(problem);
    rig.open({ baseUrl: service.origin });
    assert.equal(await problemOf({ id: 'connection', config: { baseUrl: OTHER_HOST }, apiKey: '${NOT_SET}' }), problem);
  });

  const setVariable = (value: string): void => void (process.env['SPEC_VARIABLE'] = value);
  afterEach(() => {
    delete process.env['SPEC_VARIABLE'];
  });

  it('connection test: a variable in a URL that is neither its host nor for a deployed one is refused', async () => {
    setVariable('secret');
    const { host } = new URL(service.origin);
    for (const url of [
      `${service.origin}/\${SPEC_VARIABLE}`,
      `http://\${SPEC_VARIABLE}.localhost`,
      `http://${host}\${SPEC_VARIABLE}`,
      `http://\${SPEC_VARIABLE}@${host}`,
      `http:/${host}/\${SPEC_VARIABLE}`,
      `http://\${PATH}/\${SPEC_VARIABLE}`,
      `\${SPEC_VARIABLE}.example/v1`,
    ]) {
      for (const config of [{ baseUrl: url }, { baseUrl: OTHER_HOST, deviceApiUrl: url }]) {
        const problem = await problemOf({ config, apiKey: 'typed' });
        assert.doesNotMatch(problem, /secret/);
      }
    }
    assertSentence(await problemOf({ config: { baseUrl: `${service.origin}/\${SPEC_VARIABLE}` }, apiKey: 'typed' }));
  });

  it('connection test: a variable that is the host or the beginning of a URL is used', async () => {
    const { host, port } = new URL(service.origin);
    for (const [value, url] of [
      [host, 'http://${SPEC_VARIABLE}'],
      [host, ' HTTP://${SPEC_VARIABLE}/v1/ '],
      ['127.0.0.1', `http://\${SPEC_VARIABLE}:${port}/v1`],
      [`${service.origin}/v1`, '${SPEC_VARIABLE}'],
      [service.origin, '${SPEC_VARIABLE}/v1'],
    ] as const) {
      setVariable(value);
      assert.equal((await test({ config: { baseUrl: url }, apiKey: 'typed' })).keyAccepted, true, url);
    }
  });

  it('connection test: any variable in a URL is used for the host of the deployed connection', async () => {
    rig.open({ baseUrl: service.origin }, { variables: { STAGE: 'stage' } });
    const config = { baseUrl: `${service.origin}/\${STAGE}` };
    assert.equal((await test({ id: 'connection', config, apiKey: 'typed' })).keyAccepted, true);
    assert.match(service.lines[0]!, /^GET \/stage\//);
  });

  it('connection test: the value of a variable that is a host is not shown', async () => {
    setVariable('Host-Like-Secret.invalid');
    const { problem } = await runConnectionTest(rig.RED, {
      config: { baseUrl: `https://\${SPEC_VARIABLE}` },
      apiKey: 'typed',
    });
    assert.doesNotMatch(problem!, /secret/i);
    assert.match(problem!, /https:\/\/\$\{SPEC_VARIABLE\}/);
  });

  it('connection test: a deployed connection that cannot work can be tested with a typed key', async () => {
    const { client } = rig.open({ timeout: 0 });
    assert.equal(client, undefined);
    assert.equal((await test({ id: 'connection', apiKey: 'typed' })).keyAccepted, true);
  });

  it('connection test: blank URLs are the default ones, and without a key nothing is sent', async () => {
    const problem = await problemOf({});
    assertSentence(problem);
    for (const config of [null, [], { baseUrl: '' }, { baseUrl: ' ' }, { deviceApiUrl: '' }, { deviceApiUrl: ' ' }]) {
      assert.equal(await problemOf({ config }), problem);
    }
    for (const config of [{ baseUrl: 'x' }, { deviceApiUrl: 'x' }, { concurrency: 0 }]) {
      assert.notEqual(await problemOf({ config, apiKey: 'key' }), problem);
    }
  });
});
