import assert from 'node:assert/strict';
import rulesNode from '../../nodes/nrfcloud-rules';
import type { SettingsChange, Simulator } from '../../simulator';
import { expectResults, type Message } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

describe('nrfcloud-rules', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started));
  const rig = defineRig({ node: rulesNode, type: 'nrfcloud-rules', connection: { retries: 0, timeout: 1 } });
  const run = async (config: Record<string, unknown>, msg: Message = {}): Promise<Message> => {
    const [result] = await expectResults(await rig(config), { payload: 'kept?', topic: 'kept', ...msg });
    return result!;
  };
  const rule = (name: string, tags: string[], more: object = {}): Record<string, unknown> =>
    simulator.addRule({ name, tags, active: true, commands: [{ request: { finished: {} } }], ...more });

  describe('list', () => {
    for (const change of [
      { ruleListShape: 'items' },
      { ruleListShape: 'array' },
      { ruleListShape: 'items', rulePageSize: 1 },
      { ruleFields: 'tags' },
    ] satisfies SettingsChange[]) {
      it(`list: gives all rules when the service has ${JSON.stringify(change)}`, async () => {
        simulator.set(change);
        rule('one', ['a']);
        rule('two', ['b']);
        const msg = await run({});
        assert.deepEqual(
          msg['payload'].map(({ tags }: Message) => tags as string[]),
          [['a'], ['b']],
        );
        assert.equal(msg['statusCode'], 200);
        assert.equal(msg['topic'], 'kept');
        assert.ok(simulator.requests.every(({ headers }) => headers['authorization'] === 'Bearer sim-key'));
      });
    }

    it('list: takes an empty body for no rules', async () => {
      simulator.set({ ruleListShape: 'empty' });
      assert.deepEqual((await run({}))['payload'], []);
    });
  });

  it('find: gives the rules that carry the tag', async () => {
    rule('one', ['a']);
    rule('two', ['b', 'c']);
    const msg = await run({ operation: 'find', tag: 'topic', tagType: 'msg' }, { topic: 'c' });
    assert.deepEqual(
      msg['payload'].map(({ name }: Message) => name as string),
      ['two'],
    );
  });

  it('msg: takes the operation from the message, and names unknown ones', async () => {
    const flow = await rig({ operation: 'msg' });
    flow.send({ operation: 'list' });
    flow.send({ operation: 'delete' });
    await flow.ended(2);
    assert.deepEqual(flow.outputs[0]![0]!['payload'], []);
    assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
  });
});
