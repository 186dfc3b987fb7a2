import assert from 'node:assert/strict';
import devicesNode from '../../nodes/nrfcloud-devices';
import type { Simulator } from '../../simulator';
import { stopNodeRig } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

describe('nrfcloud-devices: failures', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started), { pageSize: 2 });
  const rig = defineRig({ node: devicesNode, type: 'nrfcloud-devices' });

  const failing = async (config: Record<string, unknown>, msg: Record<string, unknown> = {}) => {
    const flow = await rig(config);
    flow.send({ payload: 'kept', ...msg });
    await flow.ended(1);
    assert.equal(flow.completed.length, 0);
    assert.equal(flow.caught.length, 1);
    assert.equal(flow.caught[0]!['payload'], 'kept');
    await stopNodeRig();
    return { error: flow.caught[0]!['error'], sent: flow.outputs[0]! };
  };

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
    assert.deepEqual(
      each.sent.map(({ parts: { index, count } }) => [index, count] as unknown),
      [
        [0, undefined],
        [1, undefined],
      ],
    );
  });
});
