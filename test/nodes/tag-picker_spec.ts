import assert from 'node:assert/strict';
import tagsNode from '../../nodes/nrfcloud-tags';
import type { Simulator } from '../../simulator';
import { adminRequest, startNodeRig, stopNodeRig } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

describe('the tags that dialogs offer', () => {
  let simulator: Simulator;
  useSimulator((started) => {
    simulator = started;
    simulator.fill(1, ['red', 'location=Trondheim']);
  });

  const deploy = (connection: Record<string, unknown> = {}, apiKey: string | undefined = 'sim-key') =>
    startNodeRig({
      node: tagsNode,
      type: 'nrfcloud-tags',
      connection: { baseUrl: simulator.url, ...connection },
      apiKey,
    });
  const offered = async (query = '?id=connection'): Promise<unknown> => {
    const answer = await adminRequest().get(`/nrfcloud-connection/tags${query}`).expect(200);
    return answer.body as unknown;
  };

  for (const api of ['guide', 'current'] as const) {
    it(`are the names of the account's tags (${api})`, async () => {
      simulator.set({ api, tagListShape: api === 'guide' ? 'items' : 'array' });
      await deploy({ api });
      assert.deepEqual(await offered(), { tags: ['red', 'location=Trondheim'] });
    });
  }

  it('are requested again after a minute', async () => {
    const clock = Date.now;
    try {
      await deploy();
      await offered();
      Date.now = () => clock() + 59_000;
      await offered();
      assert.equal(simulator.requestCount, 1);
      Date.now = () => clock() + 61_000;
      await offered();
      assert.equal(simulator.requestCount, 2);
    } finally {
      Date.now = clock;
    }
  });

  it('are requested once until the connection is deployed again', async () => {
    simulator.set({ latency: 20 });
    await deploy();
    const [first, second] = await Promise.all([offered(), offered()]);
    assert.deepEqual(first, second);
    simulator.fill(1, ['new']);
    assert.deepEqual(await offered(), first);
    assert.equal(simulator.requestCount, 1);
    await stopNodeRig();
    await deploy();
    assert.deepEqual(await offered(), { tags: ['red', 'location=Trondheim', 'new'] });
  });

  it('are none after a failure, which is neither shown nor cached', async () => {
    await deploy();
    for (const fault of [
      { status: 401, body: { message: 'sim-key is wrong' } },
      { status: 503 },
      { drop: 'before' as const },
      { status: 200, body: { no: 'list' } },
    ]) {
      simulator.faults.add({ times: 1, ...fault });
      assert.deepEqual(await offered(), { tags: [] });
    }
    assert.equal(simulator.requestCount, 4);
    assert.deepEqual(await offered(), { tags: ['red', 'location=Trondheim'] });
  });

  it('are none where there is no usable connection', async () => {
    await deploy();
    for (const query of ['', '?id=', '?id=_ADD_', '?id=node', '?id=connection&id=connection', '?id[a]=b']) {
      assert.deepEqual(await offered(query), { tags: [] });
    }
    assert.equal(simulator.requestCount, 0);
    await stopNodeRig();
    await deploy({}, '${NOT_SET_ANYWHERE}');
    assert.deepEqual(await offered(), { tags: [] });
  });
});
