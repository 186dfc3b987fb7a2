import assert from 'node:assert/strict';
import devicesNode from '../../nodes/nrfcloud-devices';
import { startSimulator, type Simulator } from '../../simulator';
import { startNodeRig, stopNodeRig, type Message, type NodeRig } from '../support/node-rig';
import { assertSentence } from '../support/sentences';

describe('nrfcloud-devices', () => {
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator({ pageSize: 2 });
  });
  afterEach(async () => {
    await stopNodeRig();
    await simulator.close();
  });

  const rig = (config: Record<string, unknown> = {}, connection: Record<string, unknown> = {}): Promise<NodeRig> =>
    startNodeRig({
      node: devicesNode,
      type: 'nrfcloud-devices',
      config,
      connection: { baseUrl: simulator.url, ...connection },
    });

  /** Sends one message and gives all that came out, in order. */
  const list = async (
    config: Record<string, unknown> = {},
    msg: Record<string, unknown> = {},
    connection = {},
  ): Promise<Message[]> => {
    const flow = await rig(config, connection);
    flow.send({ topic: 'kept', ...msg });
    await flow.ended(1);
    assert.deepEqual(
      flow.caught.map(({ error }) => error as unknown),
      [],
    );
    assert.equal(flow.completed.length, 1);
    await stopNodeRig();
    return flow.outputs[0]!;
  };

  const failing = async (config: Record<string, unknown>, msg: Record<string, unknown> = {}, connection = {}) => {
    const flow = await rig(config, connection);
    flow.send({ payload: 'kept', ...msg });
    await flow.ended(1);
    assert.equal(flow.completed.length, 0);
    assert.equal(flow.caught.length, 1);
    assert.equal(flow.caught[0]!['payload'], 'kept');
    await stopNodeRig();
    return { error: flow.caught[0]!['error'], sent: flow.outputs[0]! };
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

  describe('a next page that was read before is an error', () => {
    for (const mode of ['array', 'each', 'page']) {
      it(`at once (${mode})`, async () => {
        simulator.fill(5);
        simulator.set({ repeatPageToken: true });
        const { error, sent } = await failing({ mode });
        assert.equal(error.code, 'NRFCLOUD_BAD_RESPONSE');
        assertSentence(error.message);
        assert.equal(simulator.requestCount, 2);
        assert.equal(sent.length, { array: 0, each: 2, page: 1 }[mode]);
        assert.ok(sent.every((msg) => msg['parts'].count === undefined));
      });
    }

    it('after a detour', async () => {
      for (const pageNextToken of ['a', 'b', 'a']) {
        simulator.faults.add({ times: 1, status: 200, body: { items: [], pageNextToken } });
      }
      const { error } = await failing({});
      assert.equal(error.code, 'NRFCLOUD_BAD_RESPONSE');
      assert.equal(simulator.requestCount, 3);
    });

    it('even if the query asked for it', async () => {
      simulator.faults.add({ status: 200, body: { items: [], pageNextToken: 'a' } });
      assert.equal((await failing({ query: 'pageNextToken=a' })).error.code, 'NRFCLOUD_BAD_RESPONSE');
      assert.equal(simulator.requestCount, 1);
    });
  });

  it('refuses an answer that is no list', async () => {
    for (const body of ['"text"', { devices: [] }, { items: {} }, null, 5]) {
      simulator.faults.clear();
      simulator.faults.add({ status: 200, body });
      const { error } = await failing({});
      assert.equal(error.code, 'NRFCLOUD_BAD_RESPONSE');
      assertSentence(error.message);
    }
    simulator.faults.clear();
    simulator.faults.add({ emptyBody: true });
    assert.equal((await failing({})).error.code, 'NRFCLOUD_BAD_RESPONSE');
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
        const { error } = await failing(config, message);
        assert.equal(error['code'], 'NRFCLOUD_INVALID_INPUT', JSON.stringify([config, message]));
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

  describe('input that cannot be used', () => {
    const cases: [string, Record<string, unknown>, Record<string, unknown>][] = [
      ['a query that is a number', { query: 'query', queryType: 'msg' }, { query: 5 }],
      ['a query that is an array', { query: 'query', queryType: 'msg' }, { query: [] }],
      ['an object in a query', { query: 'query', queryType: 'msg' }, { query: { a: { b: 1 } } }],
      ['a number that is none', { query: 'query', queryType: 'msg' }, { query: { a: NaN } }],
      ['a tag of 101 characters', { tag: 'x'.repeat(101) }, {}],
      ['a tag that is an object', { tag: 'tag', tagType: 'msg' }, { tag: {} }],
      ['an unknown mode', { mode: 'some' }, {}],
      ['a limit below zero', { limit: -1 }, {}],
      ['a broken limit', { limit: '1.5' }, {}],
    ];
    for (const [name, config, msg] of cases) {
      it(`is named and sends no request: ${name}`, async () => {
        const { error, sent } = await failing(config, msg);
        assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
        assertSentence(error.message);
        assert.equal(sent.length, 0);
        assert.equal(simulator.requestCount, 0);
      });
    }
  });

  it('sends on what it had when a page fails, and then ends in the error', async () => {
    simulator.fill(5);
    simulator.faults.add({ match: { operation: 'listDevices', nth: 2 }, status: 403 });
    const each = await failing({ mode: 'each' });
    assert.equal(each.error.code, 'NRFCLOUD_FORBIDDEN');
    assert.deepEqual(parts(each.sent), [0, 1]);
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
