import assert from 'node:assert/strict';
import devicesNode from '../../nodes/nrfcloud-devices';
import type { Simulator } from '../../simulator';
import { expectError, expectResults, stopNodeRig, type Message } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

describe('nrfcloud-devices', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started), { pageSize: 2 });
  const rig = defineRig({ node: devicesNode, type: 'nrfcloud-devices' });

  /** Sends one message and gives all that came out, in order. */
  const list = async (config = {}, msg: Message = {}, connection = {}): Promise<Message[]> => {
    const results = await expectResults(await rig(config, connection), { topic: 'kept', ...msg });
    await stopNodeRig();
    return results;
  };
  const ids = (devices: unknown): string[] => (devices as { id: string }[]).map(({ id }) => id);
  const payloads = (messages: Message[]): unknown[] => messages.map(({ payload }) => payload as unknown);
  const parts = (messages: Message[]): unknown[] =>
    messages.map(({ parts: { index, count } }) => (count === undefined ? index : [index, count]) as unknown);

  for (const api of ['guide', 'current'] as const) {
    it(`asks for page after page, with the path of ${api}`, async () => {
      simulator.set({ api, extras: { device: { novelty: { deep: 1 } } } });
      const all = simulator.fill(5);
      const [msg, ...more] = await list({}, { parts: { id: 'x', index: 1 } }, { api });
      assert.equal(more.length, 0);
      assert.deepEqual(ids(msg!['payload']), all);
      assert.deepEqual(msg!['payload'], simulator.devices());
      assert.equal(msg!['statusCode'], 200);
      assert.equal(msg!['topic'], 'kept');
      assert.deepEqual(msg!['parts'], { id: 'x', index: 1 });
      assert.equal(simulator.requestCount, 3);
      const [first, second] = simulator.requests;
      assert.deepEqual([first!.method, first!.url, first!.body], ['GET', '/v1/claimed-devices', '']);
      assert.equal(first!.headers['authorization'], 'Bearer sim-key');
      assert.match(String(first!.headers['user-agent']), /^node-red-contrib-nrfcloud-provisioning\/\d/);
      assert.match(second!.url, /^\/v1\/claimed-devices\?pageNextToken=[\w%]+%2B%2F%3D$/);
    });
  }

  it('takes a bare array, items of any kind, and unknown fields', async () => {
    const all = simulator.fill(5);
    simulator.set({ listShape: 'array' });
    assert.deepEqual(ids((await list())[0]!['payload']), all);
    assert.deepEqual(ids(payloads(await list({ mode: 'each' }))), all);
    for (const body of [
      [1, 'a', null, { id: 5 }],
      { items: [1, 'a', null, { id: 5 }], total: 4, pageNextToken: null },
    ]) {
      simulator.faults.clear();
      simulator.faults.add({ status: 200, body });
      assert.deepEqual((await list())[0]!['payload'], [1, 'a', null, { id: 5 }]);
      assert.deepEqual(payloads(await list({ mode: 'each' })), [1, 'a', null, { id: 5 }]);
      assert.deepEqual((await list({ tag: 'x' }))[0]!['payload'], []);
    }
  });

  it('ends where no next page is named, in whatever way', async () => {
    for (const end of [{}, { pageNextToken: '' }, { pageNextToken: null }, { pageNextToken: false }]) {
      simulator.faults.clear();
      simulator.faults.add({ times: 1, status: 200, body: { items: [], pageNextToken: 7 } });
      simulator.faults.add({ times: 1, status: 200, body: { items: [{ id: 'a' }], ...end } });
      const before = simulator.requestCount;
      assert.deepEqual((await list())[0]!['payload'], [{ id: 'a' }]);
      assert.deepEqual(
        simulator.requests.slice(before).map(({ url }) => url),
        ['/v1/claimed-devices', '/v1/claimed-devices?pageNextToken=7'],
      );
    }
  });

  it('sends a message per device, numbered, with the count on the last', async () => {
    const all = simulator.fill(5);
    const messages = await list(
      { mode: 'each', output: 'device' },
      { payload: 'kept', parts: { id: 'outer', index: 0 } },
    );
    assert.deepEqual(ids(messages.map(({ device }) => device as unknown)), all);
    assert.deepEqual(parts(messages), [0, 1, 2, 3, [4, 5]]);
    assert.equal(new Set(messages.map((msg) => msg['parts'].id as unknown)).size, 1);
    assert.notEqual(messages[0]!['parts'].id, 'outer');
    assert.deepEqual(messages[0]!['parts'].parts, { id: 'outer', index: 0 });
    assert.ok(
      messages.every((msg) => msg['payload'] === 'kept' && msg['topic'] === 'kept' && msg['statusCode'] === 200),
    );
  });

  it('sends a message per page, numbered, with the count on the last', async () => {
    const all = simulator.fill(5);
    const messages = await list({ mode: 'page' });
    assert.deepEqual(payloads(messages).map(ids), [all.slice(0, 2), all.slice(2, 4), all.slice(4)]);
    assert.deepEqual(parts(messages), [0, 1, [2, 3]]);
  });

  it('ends properly when there are no devices', async () => {
    assert.deepEqual(payloads(await list()), [[]]);
    assert.deepEqual(payloads(await list({ mode: 'each' })), []);
    const pages = await list({ mode: 'page' });
    assert.deepEqual(payloads(pages), [[]]);
    assert.deepEqual(parts(pages), [[0, 1]]);
  });

  describe('the tag', () => {
    let red: string[];
    beforeEach(() => {
      simulator.fill(3, ['blue']);
      red = simulator.fill(1, ['blue', 'red, dark']);
      simulator.fill(3);
      red.push(...simulator.fill(2, ['red, dark']));
      simulator.fill(3, ['red']);
      simulator.set({ tagFilter: 'ignore' });
    });

    it('lets only devices pass that carry it, and is not sent to the service', async () => {
      assert.deepEqual(ids((await list({ tag: ' red, dark ' }))[0]!['payload']), red);
      assert.ok(simulator.requests.every(({ url }) => !url.includes('red')));
      const each = await list({ mode: 'each', tag: 'tags[0]', tagType: 'msg' }, { tags: ['red, dark'] });
      assert.deepEqual(ids(payloads(each)), red);
      assert.deepEqual(parts(each), [0, 1, [2, 3]]);
    });

    it('nrfcloud-devices: a chosen tag source without a value is refused, and nothing is sent', async () => {
      for (const [config, message] of [
        [{ tag: 'wanted', tagType: 'msg' }, {}],
        [{ tag: 'wanted', tagType: 'msg' }, { wanted: null }],
        [{ tag: 'wanted', tagType: 'flow' }, {}],
        [{ tag: 'payload.wanted', tagType: 'jsonata' }, {}],
      ] as const) {
        const before = simulator.requestCount;
        const { error } = await expectError(await rig(config), { payload: 'kept', ...message });
        assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT', JSON.stringify([config, message]));
        await stopNodeRig();
        assert.equal(simulator.requestCount, before);
      }
      const [all] = await list({ tag: 'wanted', tagType: 'msg' }, { wanted: '' });
      assert.equal(ids(all!['payload']).length, 12);
    });

    it('leaves out pages without it, but for the last', async () => {
      const pages = await list({ mode: 'page', tag: 'red, dark' });
      assert.deepEqual(payloads(pages).map(ids), [[red[0]], [red[1]], [red[2]], []]);
      assert.deepEqual(parts(pages), [0, 1, 2, [3, 4]]);
      const none = await list({ mode: 'page', tag: 'green' });
      assert.deepEqual(payloads(none), [[]]);
      assert.deepEqual(parts(none), [[0, 1]]);
      assert.deepEqual(await list({ mode: 'each', tag: 'green' }), []);
      assert.deepEqual(payloads(await list({ tag: 'green' })), [[]]);
    });

    it('counts for the limit, which stops the listing', async () => {
      const before = simulator.requestCount;
      assert.deepEqual(ids((await list({ tag: 'red, dark', limit: 2 }))[0]!['payload']), red.slice(0, 2));
      assert.equal(simulator.requestCount - before, 4);
    });
  });

  it('stops at the limit, and asks for no page more', async () => {
    const all = simulator.fill(6);
    for (const [limit, requests] of [
      [1, 1],
      [2, 1],
      [3, 2],
      ['4', 2],
      [100, 3],
    ] as const) {
      for (const mode of ['array', 'each', 'page']) {
        const before = simulator.requestCount;
        const messages = await list({ limit, mode });
        assert.deepEqual(ids(payloads(messages).flat()), all.slice(0, Number(limit)));
        if (mode !== 'array') assert.deepEqual(parts(messages).at(-1), [messages.length - 1, messages.length]);
        assert.equal(simulator.requestCount - before, requests);
      }
    }
  }).timeout(20_000);

  it('passes the query on, with every page', async () => {
    simulator.fill(3, ['a b']);
    const cases: [unknown, string][] = [
      ['?tag=a+b&x=1&x=%C3%A9', 'tag=a+b&x=1&x=%C3%A9'],
      [' tag=a b ', 'tag=a+b'],
      [
        { tag: 'a b', n: 5, yes: true, list: [1, 'é'], none: null, not: undefined },
        'tag=a+b&n=5&yes=true&list=1&list=%C3%A9',
      ],
      ['', ''],
      [undefined, ''],
    ];
    for (const [query, search] of cases) {
      const before = simulator.requestCount;
      const [msg] = await list({ query: 'query', queryType: 'msg' }, { query });
      assert.equal(msg!['payload'].length, 3);
      const [first, second] = simulator.requests.slice(before);
      assert.equal(first!.url, `/v1/claimed-devices${search === '' ? '' : `?${search}`}`);
      assert.ok(second!.url.startsWith(`/v1/claimed-devices?${search}${search === '' ? '' : '&'}pageNextToken=`));
    }
    await list({ query: '{ "pageLimit": 3 }', queryType: 'json' });
    assert.equal(simulator.requests.at(-1)!.url, '/v1/claimed-devices?pageLimit=3');
  });

  it('waits out what can be waited out, and goes on at the same page', async () => {
    const all = simulator.fill(5);
    simulator.faults.add({ match: { operation: 'listDevices', nth: 2 }, status: 502 });
    simulator.faults.add({ match: { operation: 'listDevices', nth: 3 }, drop: 'after' });
    assert.deepEqual(ids(payloads(await list({ mode: 'each' }))), all);
  });

  for (const mode of ['each', 'page']) {
    it(`ends its message at once when the flow is stopped in the middle (${mode})`, async () => {
      simulator.fill(50);
      simulator.set({ latency: 20 });
      const flow = await rig({ mode });
      flow.send({});
      await flow.until(() => flow.outputs[0]!.length >= 4);
      await flow.stop();
      const { requestCount } = simulator;
      assert.ok(requestCount < 25);
    });
  }
});
