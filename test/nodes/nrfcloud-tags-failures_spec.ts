import assert from 'node:assert/strict';
import tagsNode from '../../nodes/nrfcloud-tags';
import type { Simulator } from '../../simulator';
import { expectError, expectResults, stopNodeRig, type Message } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

const TAGS = '/v1/claimed-devices/tags';

describe('nrfcloud-tags: failures', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started));
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
  const lines = (): string[] => simulator.requests.map(({ method, url }) => `${method} ${url}`);

  describe('when responses are lost', () => {
    it('counts a repeated creation that conflicts as a success', async () => {
      simulator.faults.add({ match: { operation: 'createTag' }, times: 1, drop: 'after' });
      const msg = await ask('create', { tag: 'a', description: 'one' });
      assert.deepEqual(lines(), [`POST ${TAGS}`, `POST ${TAGS}`, `GET ${TAGS}`]);
      assert.deepEqual(msg['payload'], simulator.tags()[0]);
      simulator.faults.add({ match: { operation: 'createTag' }, times: 1, drop: 'after' });
      assert.equal((await ask('ensure', 'b'))['payload'].tag, 'b');
    });

    it('does not take a conflict for a success that it had no part in', async () => {
      await ask('create', 'a');
      const { error } = await failing('create', 'a');
      assert.equal(error.code, 'NRFCLOUD_CONFLICT');
      assert.equal(error.cause.statusCode, 409);
      simulator.faults.add({ status: 409, match: { operation: 'createTag' } });
      assert.equal((await failing('ensure', 'b'))['error'].code, 'NRFCLOUD_CONFLICT');
    });

    it('counts a repeated deletion that finds nothing as a success', async () => {
      await ask('create', 'a');
      const { id } = simulator.tags()[0]!;
      simulator.faults.add({ match: { operation: 'deleteTag' }, times: 1, drop: 'after' });
      const msg = await ask('delete', id);
      assert.deepEqual(msg['payload'], { id, operation: 'delete' });
      assert.equal(msg['statusCode'], 404);
      assert.equal((await failing('delete', id))['error'].code, 'NRFCLOUD_NOT_FOUND');
    });
  });

  it('escapes ids that would change the path', async () => {
    for (const [id, escaped] of [
      ['a/b', 'a%2Fb'],
      ['%2e%2e', '%252e%252e'],
      ['../tags', '..%2Ftags'],
      ['a b', 'a%20b'],
      ['a?b#c', 'a%3Fb%23c'],
      ['ærlig', '%C3%A6rlig'],
    ]) {
      for (const operation of ['get', 'delete', 'device']) {
        assert.equal((await failing(operation, id))['error'].code, 'NRFCLOUD_NOT_FOUND');
        assert.equal(simulator.requests.at(-1)!.url, `${TAGS}/${escaped!}`);
      }
    }
  }).timeout(20_000);

  describe('input that cannot be used', () => {
    const cases: [string, string, unknown, Record<string, unknown>?][] = [
      ['an unknown operation', 'msg', 'a', { operation: 'explode' }],
      ['an inherited word as operation', 'msg', 'a', { operation: 'constructor' }],
      ['a missing operation', 'msg', 'a'],
      ['an operation that is no text', 'msg', 'a', { operation: ['list'] }],
      ['an unknown operation in the dialog', 'explode', 'a'],
      ['a tag of 101 characters', 'create', 'x'.repeat(101)],
      ['a tag of 101 characters to ensure', 'ensure', { tag: 'x'.repeat(101) }],
      ['a tag of 101 characters to update', 'update', { id: 'a', tag: 'x'.repeat(101) }],
      ['no tag', 'create', undefined],
      ['a blank tag', 'ensure', ' \n'],
      ['an object without a tag', 'create', { name: 'x' }],
      ['an array of tags', 'create', ['a']],
      ['a description that is none', 'create', { tag: 'a', description: 5 }],
      ['no id', 'get', undefined],
      ['an object without an id', 'delete', { tag: 'a' }],
      ['a number as id', 'get', 7],
      ['an object as id', 'get', { id: { id: 'a' } }],
      ['an empty id', 'get', '  '],
      ['a dot segment', 'delete', '..'],
      ['half a surrogate pair', 'get', '\ud800'],
      ['an update that is text', 'update', 'a'],
      ['an update of nothing', 'update', { id: 'a' }],
      ['an update of a dot segment', 'update', { id: '.', tag: 'b' }],
      ['an update without an id', 'update', { tag: 'b' }],
      ['no device', 'device', {}],
      ['a cut claim token', 'device', '2dn3hQFQSWHIc0CM'],
    ];
    for (const [name, operation, payload, msg] of cases) {
      it(`is named and sends no request: ${name}`, async () => {
        const { error } = await failing(operation, payload, {}, msg);
        assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
        assertSentence(error.message);
        assert.equal(error.cause.attempts, 0);
        assert.equal(simulator.requestCount, 0);
      });
    }

    it('lets a tag of 100 characters pass', async () => {
      const name = '😀'.repeat(100);
      assert.equal((await ask('create', name))['payload'].tag, name);
    });
  });

  it('gives the codes of the contract for what the service refuses', async () => {
    for (const [status, code] of [
      [401, 'NRFCLOUD_UNAUTHORIZED'],
      [403, 'NRFCLOUD_FORBIDDEN'],
      [404, 'NRFCLOUD_NOT_FOUND'],
      [422, 'NRFCLOUD_REJECTED'],
      [503, 'NRFCLOUD_UNAVAILABLE'],
    ] as const) {
      simulator.faults.clear();
      simulator.faults.add({ status, body: { message: 'because' } });
      const { error, statusCode } = await failing('update', { id: 'a', tag: 'b', description: 'c' }, { retries: 0 });
      assert.equal(error.code, code);
      assert.equal(statusCode, status);
      assert.deepEqual(
        [error.cause.operation, error.cause.method, error.cause.path],
        ['update tag', 'PUT', '/claimed-devices/tags/a'],
      );
    }
    const unconfigured = await rig({ operation: 'delete' }, null);
    unconfigured.send({ payload: 'a' });
    await unconfigured.ended(1);
    assert.equal(unconfigured.caught[0]!['error'].code, 'NRFCLOUD_NOT_CONFIGURED');
    assert.equal(unconfigured.caught[0]!['error'].cause.operation, 'delete tag');
  });
});
