import assert from 'node:assert/strict';
import { mqttChannel, type Channel } from '../../demo/once/channels';
import type { Simulator } from '../../simulator';
import type { FaultRule } from '../../simulator/faults/rule';
import { startDemoFlow, type DemoFlow } from '../support/demo-flow';
import { demoFlows, type NodeRedProcess } from '../support/node-red-process';

describe("the demo's flow in a real Node-RED", function () {
  this.timeout(40_000);
  let demo: DemoFlow;
  let simulator: Simulator;
  let nodeRed: NodeRedProcess;
  let mqtt: Channel;
  const over = new AbortController();

  before(async () => {
    demo = await startDemoFlow({ simulator: { api: 'guide' } });
    ({ simulator, nodeRed } = demo);
    mqtt = await mqttChannel(demo.mqttUrl, over.signal);
  });
  after(async () => {
    over.abort();
    await mqtt.close();
    await demo.stop();
  });
  afterEach(() => simulator.faults.clear());

  /** Posts a body to the flow, as JSON unless it is text. */
  const post = async (body: unknown): Promise<{ status: number; headers: Headers; answer: Record<string, any> }> => {
    const isText = typeof body === 'string';
    const response = await fetch(`${nodeRed.url}/claim`, {
      method: 'POST',
      headers: { 'content-type': isText ? 'text/plain' : 'application/json' },
      body: isText ? body : JSON.stringify(body),
    });
    const text = await response.text();
    assert.match(text, /\n$/, 'a response ends with a line break');
    assert.match(response.headers.get('content-type')!, /^application\/json/);
    return { status: response.status, headers: response.headers, answer: JSON.parse(text) as Record<string, any> };
  };

  it('claims by MQTT, and tags the device with its station', async () => {
    const { claimToken, deviceUuid } = simulator.mint();
    const { body } = await mqtt.send(claimToken, '7');
    assert.deepEqual(body, simulator.device(deviceUuid));
    assert.deepEqual(body['tags'], ['station=7']);
  });

  it('takes tags and odd station names by MQTT', async () => {
    const { claimToken } = simulator.mint();
    const { body } = await mqtt.send(JSON.stringify({ claimToken, tags: ['color=white'] }), 'hall 3, left');
    assert.deepEqual(body['tags'], ['color=white', 'station=hall 3, left']);
  });

  it('reports by MQTT why a device was not claimed', async () => {
    const { claimToken, deviceUuid } = simulator.mint();
    simulator.claimByOther(deviceUuid);
    const { body } = await mqtt.send(claimToken, '7');
    assert.equal(body['error'], 'NRFCLOUD_CONFLICT');
    assert.equal(body['deviceId'], deviceUuid);
    assert.match(String(body['message']), /^claim: the device is claimed already/);
  });

  it('claims by HTTP, once with 201 and again with 200', async () => {
    const { claimToken, deviceUuid } = simulator.mint();
    const first = await post({ claimToken, tags: ['location=Trondheim'] });
    assert.equal(first.status, 201);
    assert.deepEqual(first.answer, simulator.device(deviceUuid));
    assert.deepEqual(first.answer['tags'], ['location=Trondheim']);
    const second = await post(`  "${claimToken}"\n`);
    assert.equal(second.status, 200);
    assert.deepEqual(second.answer, first.answer);
    assert.equal(simulator.claims.get(deviceUuid), 1);
  });

  for (const [what, body] of [
    ['no token at all', ''],
    ['a wrong thing', '352656106118683'],
    ['an object without a token', { tags: ['x'] }],
    ['broken JSON', '{ "claimToken": '],
  ] as const) {
    it(`responds with 400 to ${what}, and sends nothing`, async () => {
      const before = simulator.requestCount;
      const { status, answer } = await post(body);
      assert.equal(status, 400);
      assert.equal(answer['error'], 'NRFCLOUD_INVALID_INPUT');
      assert.ok(answer['message'].length > 10);
      assert.equal(simulator.requestCount, before);
    });
  }

  /** What the service does, and what the caller gets. */
  const failures: [string, FaultRule, number, string][] = [
    ['refuses the key', { status: 401 }, 502, 'NRFCLOUD_UNAUTHORIZED'],
    ['refuses the role', { status: 403 }, 502, 'NRFCLOUD_FORBIDDEN'],
    ['knows no such device', { status: 404 }, 404, 'NRFCLOUD_NOT_FOUND'],
    ['refuses the token', { status: 422, body: { message: 'bad signature' } }, 422, 'NRFCLOUD_REJECTED'],
    ['limits the rate', { retryAfter: 400 }, 429, 'NRFCLOUD_RATE_LIMITED'],
    ['is down', { status: 503 }, 503, 'NRFCLOUD_UNAVAILABLE'],
    ['hangs up', { drop: 'before' }, 503, 'NRFCLOUD_UNAVAILABLE'],
    ['responds with nonsense', { status: 201, body: 'nonsense' }, 502, 'NRFCLOUD_BAD_RESPONSE'],
  ];
  for (const [what, fault, status, code] of failures) {
    it(`responds with ${status} when the service ${what}`, async () => {
      simulator.faults.add(fault);
      const { claimToken, deviceUuid } = simulator.mint();
      const response = await post({ claimToken });
      assert.equal(response.status, status, JSON.stringify(response.answer));
      assert.equal(response.answer['error'], code);
      assert.equal(response.answer['deviceId'], deviceUuid);
      assert.match(response.answer['message'], /^claim: /);
      assert.equal(response.headers.get('retry-after'), fault.retryAfter === undefined ? null : '400');
    });
  }

  it('knows a status for every error code', () => {
    const { func } = demoFlows().find(({ name }) => name === 'status and reason')!;
    const codes = [...String(func).matchAll(/^ {4}(NRFCLOUD_\w+): \d{3},$/gm)].map(([, code]) => code);
    assert.equal(new Set(codes).size, 14);
  });

  it('claims a hundred devices at once by both channels, each once', async () => {
    const devices = simulator.mintMany(100);
    const answers = await Promise.all(
      devices.map(({ claimToken }, index) =>
        index % 2 === 0
          ? mqtt.send(claimToken, `many-${index}`).then(({ body }) => body['id'])
          : post(claimToken).then(({ answer }) => answer['id'] as unknown),
      ),
    );
    assert.deepEqual(
      answers,
      devices.map(({ deviceUuid }) => deviceUuid),
    );
    assert.ok(devices.every(({ deviceUuid }) => simulator.claims.get(deviceUuid) === 1));
  });

  for (const [method, path, body] of [
    ['POST', '/tags', { tag: 'color=white' }],
    ['GET', '/devices?tag=color%3Dwhite', undefined],
    ['POST', '/devices/no-such-device/block', undefined],
    ['POST', '/claim-file', 'no token'],
  ] as const) {
    it(`ends the response to ${method} ${path} with a line break`, async () => {
      const text = typeof body === 'string';
      const response = await fetch(`${nodeRed.url}${path}`, {
        method,
        headers: { 'content-type': text ? 'text/csv' : 'application/json' },
        ...(body === undefined ? {} : { body: text ? body : JSON.stringify(body) }),
      });
      assert.match(await response.text(), /[\]}]\n$/);
    });
  }

  it('leaves nothing but information in the log', () => {
    const warnings = nodeRed.log.filter((line) => / - \[(warn|error|fatal)\] /.test(line));
    const known = /Projects disabled|Encrypted credentials not found/;
    assert.deepEqual(
      warnings.filter((line) => !known.test(line)),
      [],
    );
  });
});
