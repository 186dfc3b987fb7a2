import assert from 'node:assert/strict';
import tagsNode from '../../nodes/nrfcloud-tags';
import type { RequestRecord, Simulator } from '../../simulator';
import { expectError, expectResults, stopNodeRig, type Message } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

const TAGS = { guide: '/v1/claimed-devices/tags', current: '/v1/provisioning/tags' };

describe('nrfcloud-tags', () => {
  /** The requests that `lines` has given. */
  let seen = 0;
  let simulator: Simulator;
  const defineRig = useSimulator((started) => {
    simulator = started;
    seen = 0;
  });
  const rig = defineRig({ node: tagsNode, type: 'nrfcloud-tags' });

  /** Sends one message through a node of its own and gives what came out. */
  const ask = async (operation: string, payload: unknown, connection = {}, msg = {}): Promise<Message> => {
    const results = await expectResults(await rig({ operation }, connection), { topic: 'kept', ...msg, payload });
    assert.equal(results.length, 1);
    await stopNodeRig();
    return results[0]!;
  };
  const failing = async (operation: string, payload: unknown, connection = {}, msg = {}): Promise<Message> => {
    const caught = await expectError(await rig({ operation }, connection), { ...msg, payload });
    await stopNodeRig();
    return caught;
  };
  const last = (): RequestRecord => simulator.requests.at(-1)!;
  /** The requests since the last call, as `METHOD path`. */
  const lines = (): string[] => {
    const fresh = simulator.requests.slice(seen).map(({ method, url }) => `${method} ${url}`);
    seen = simulator.requests.length;
    return fresh;
  };
  const checkHeaders = ({ headers }: RequestRecord, json: boolean): void => {
    assert.equal(headers['authorization'], 'Bearer sim-key');
    assert.match(String(headers['user-agent']), /^node-red-contrib-nrfcloud-provisioning\/\d+\.\d+\.\d+/);
    assert.equal(headers['content-type'], json ? 'application/json' : undefined);
  };

  for (const api of ['guide', 'current'] as const) {
    describe(`with the paths of ${api}`, () => {
      const path = TAGS[api];
      beforeEach(() => simulator.set({ api }));

      it('lists tags, as the service gives them', async () => {
        for (const tagListShape of ['items', 'array'] as const) {
          simulator.set({ tagListShape, extras: { tag: { novelty: 1 } } });
          if (tagListShape === 'items') await ask('create', 'location=Trondheim', { api });
          lines();
          const msg = await ask('list', 'whatever', { api });
          assert.deepEqual(lines(), [`GET ${path}`]);
          checkHeaders(last(), false);
          assert.equal(last().body, '');
          assert.deepEqual(msg['payload'], tagListShape === 'items' ? { items: simulator.tags() } : simulator.tags());
          assert.equal(msg['statusCode'], 200);
          assert.equal(msg['topic'], 'kept');
        }
      });

      it("creates a tag with the guide's body", async () => {
        const definition = { tag: 'location=Trondheim', description: 'Devices deployed in Trondheim.' };
        const msg = await ask('create', definition, { api });
        assert.deepEqual(lines(), [`POST ${path}`]);
        checkHeaders(last(), true);
        assert.deepEqual(JSON.parse(last().body), definition);
        assert.deepEqual(msg['payload'], simulator.tags()[0]);
        assert.equal(msg['statusCode'], 201);
        await ask('create', '  bare name ', { api });
        assert.deepEqual(JSON.parse(last().body), { tag: 'bare name' });
      });

      it('ensures a tag: creates it once, and then gives the one that is there', async () => {
        const first = await ask('ensure', { tag: 'a', description: 'one' }, { api });
        assert.deepEqual(lines(), [`GET ${path}`, `POST ${path}`]);
        const again = await ask('ensure', { tag: 'a', description: 'two' }, { api });
        assert.deepEqual(lines(), [`GET ${path}`]);
        assert.deepEqual(again['payload'], first['payload']);
        assert.deepEqual(again['payload'], simulator.tags()[0]);
      });

      it('gets, updates and deletes a tag by its id', async () => {
        await ask('create', { tag: 'a', description: 'one' }, { api });
        const { id } = simulator.tags()[0]!;
        const entry = `${path}/${String(id)}`;
        lines();

        assert.deepEqual((await ask('get', id, { api }))['payload'], { id, tag: 'a', description: 'one' });
        assert.deepEqual((await ask('get', { id: ` ${String(id)} ` }, { api }))['payload'], simulator.tags()[0]);
        assert.deepEqual(lines(), [`GET ${entry}`, `GET ${entry}`]);
        checkHeaders(last(), false);

        const updated = await ask('update', { id, tag: 'b', description: 'two' }, { api });
        assert.deepEqual(lines(), [`PUT ${entry}`]);
        checkHeaders(last(), true);
        assert.deepEqual(JSON.parse(last().body), { tag: 'b', description: 'two' });
        assert.deepEqual(updated['payload'], { id, tag: 'b', description: 'two' });

        const deleted = await ask('delete', { id }, { api });
        assert.deepEqual(lines(), [`DELETE ${entry}`]);
        checkHeaders(last(), false);
        assert.deepEqual(deleted['payload'], { id, operation: 'delete' });
        assert.equal(deleted['statusCode'], 204);
        assert.deepEqual(simulator.tags(), []);
      });

      it('keeps the value of what an update leaves out', async () => {
        await ask('create', { tag: 'a', description: 'one' }, { api });
        const { id } = simulator.tags()[0]!;
        lines();
        await ask('update', { id, tag: 'b' }, { api });
        assert.deepEqual(lines(), [`GET ${path}/${String(id)}`, `PUT ${path}/${String(id)}`]);
        assert.deepEqual(JSON.parse(last().body), { tag: 'b', description: 'one' });
        await ask('update', { id, description: '' }, { api });
        assert.deepEqual(simulator.tags()[0], { id, tag: 'b', description: '' });
      });

      it('reads the tags of a device', async () => {
        const { claimToken, deviceUuid } = simulator.mint();
        simulator.fill(1, ['red', 'blue']);
        const [device] = simulator.devices();
        const id = String(device!['id']);
        const expected = api === 'guide' ? { items: simulator.tags() } : ['red', 'blue'];
        const url = api === 'guide' ? `GET ${path}/${id}` : `GET /v1/claimed-devices/${id}`;
        for (const payload of [id, { deviceId: id }, device]) {
          const msg = await ask('device', payload, { api });
          assert.deepEqual(lines(), [url]);
          checkHeaders(last(), false);
          assert.deepEqual(msg['payload'], expected);
        }
        const { error } = await failing('device', claimToken, { api });
        assert.equal(error.code, 'NRFCLOUD_NOT_FOUND');
        assert.deepEqual(lines(), [url.replace(id, deviceUuid)]);
      });
    });
  }

  it('gives an empty array for a device without tags (current)', async () => {
    const [id] = simulator.fill(1);
    simulator.set({ omitDeviceFields: ['tags'] });
    assert.deepEqual((await ask('device', id, { api: 'current' }))['payload'], []);
    simulator.faults.add({ status: 200, body: ['x'] });
    assert.equal((await failing('device', id, { api: 'current' }))['error'].code, 'NRFCLOUD_BAD_RESPONSE');
  });

  it('follows the pages of the list, and looks for a tag on all of them', async () => {
    const page = (tag: string, pageNextToken?: string) =>
      simulator.faults.add({
        match: { operation: 'listTags' },
        times: 1,
        status: 200,
        body: { items: [{ id: `id-${tag}`, tag }], extra: tag, ...(pageNextToken && { pageNextToken }) },
      });
    page('a', 'one +/=');
    page('b', 'two');
    page('c');
    assert.deepEqual((await ask('list', ''))['payload'], {
      items: ['a', 'b', 'c'].map((tag) => ({ id: `id-${tag}`, tag })),
      extra: 'c',
    });
    assert.deepEqual(lines().slice(1), [
      `GET ${TAGS.guide}?pageNextToken=one+%2B%2F%3D`,
      `GET ${TAGS.guide}?pageNextToken=two`,
    ]);
    page('a', 'one');
    page('b', 'two');
    assert.deepEqual((await ask('ensure', 'b'))['payload'], { id: 'id-b', tag: 'b' });
    assert.equal(lines().length, 2);
    page('a', 'one');
    page('b', 'one');
    const { error } = await failing('list', '');
    assert.equal(error.code, 'NRFCLOUD_BAD_RESPONSE');
    assertSentence(error.message);
    for (const body of [{ tags: [] }, 'text', 5, null]) {
      simulator.faults.add({ times: 1, status: 200, body: body === 'text' ? '"text"' : body });
      assert.equal((await failing('list', ''))['error'].code, 'NRFCLOUD_BAD_RESPONSE');
    }
  });

  it('finds what an update leaves out in the list, where the path by id means something else', async () => {
    await ask('create', { tag: 'a', description: 'one' });
    const { id } = simulator.tags()[0]!;
    for (const fault of [
      { status: 404, body: { message: 'no such device' } },
      { status: 200, body: { items: [] } },
    ]) {
      simulator.faults.add({ match: { operation: 'getTag' }, times: 1, ...fault });
      await ask('update', { id, description: `two ${fault.status}` });
      assert.deepEqual(simulator.tags()[0], { id, tag: 'a', description: `two ${fault.status}` });
    }
    const { error } = await failing('update', { id: 'nothing', tag: 'b' });
    assert.equal(error.code, 'NRFCLOUD_NOT_FOUND');
    assert.equal(error.cause.operation, 'get tag');
  });

  it('gives the id when the service answers a creation without a body', async () => {
    simulator.faults.add({ match: { operation: 'createTag' }, emptyBody: true });
    const created = await ask('create', 'a');
    const { id } = simulator.tags()[0]!;
    assert.deepEqual(created['payload'], { id, operation: 'create' });
    assert.equal(created['statusCode'], 201);
    await ask('ensure', 'b');
    assert.equal(simulator.tags().length, 2);
  });

  it('takes its operation from the message', async () => {
    const created = await ask('msg', 'a', {}, { operation: 'create' });
    assert.equal(created['payload'].tag, 'a');
    assert.equal(created['operation'], 'create');
    const { id } = simulator.tags()[0]!;
    assert.deepEqual((await ask('msg', id, {}, { operation: ' delete ' }))['payload'], { id, operation: 'delete' });
    assert.equal((await ask('list', '', {}, { operation: 'delete' }))['payload'].items.length, 0);
  });

  it('reads its input from another place and writes to another property', async () => {
    const flow = await rig({ operation: 'create', input: '{ "tag": topic }', inputType: 'jsonata', output: 'made' });
    flow.send({ topic: 'x', payload: 'kept' });
    await flow.ended(1);
    assert.equal(flow.outputs[0]![0]!['made'].tag, 'x');
    assert.equal(flow.outputs[0]![0]!['payload'], 'kept');
  });

  it('says in the status what it does', async () => {
    const flow = await rig({ operation: 'msg' });
    flow.send({ payload: 'a', operation: 'ensure' });
    await flow.ended(1);
    await flow.until(() => flow.statuses.some(({ fill }) => fill === 'green'));
    assert.equal(flow.statuses.at(-1)!.text, 'nrfcloud-tags.done.ensure');
    await stopNodeRig();
    const listing = await rig();
    listing.send({});
    await listing.ended(1);
    await listing.until(() => listing.statuses.length >= 2);
    assert.deepEqual(
      listing.statuses.map(({ text }) => text),
      ['nrfcloud-tags.working.list', 'nrfcloud-tags.done.list'],
    );
  });

  it('ensures a tag once, though two messages want it at the same time', async () => {
    simulator.set({ latency: 30 });
    const flow = await rig({ operation: 'ensure' });
    flow.send({ payload: 'a' });
    flow.send({ payload: 'a' });
    await flow.ended(2);
    assert.equal(flow.caught.length, 0);
    assert.equal(simulator.counters['createTag'], 1);
    assert.equal(simulator.counters['listTags'], 2);
    const [tag] = simulator.tags();
    assert.equal(simulator.tags().length, 1);
    assert.deepEqual(
      flow.outputs[0]!.map(({ payload }) => payload as unknown),
      [tag, tag],
    );
  });
});
