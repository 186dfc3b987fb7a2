import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startSimulator, type Simulator } from '../../simulator';
import { EXAMPLES, readExample, startExamples, type RunningExamples } from '../support/examples';

const ROOT = resolve(__dirname, '../..');
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  name: string;
  'node-red': { nodes: Record<string, string> };
};
const OUR_TYPES = Object.keys(PACKAGE['node-red'].nodes);
const all = new Map(EXAMPLES.map((name) => [name, readExample(name)]));
/** An example whose name says that it needs another package is held to less here, and has a spec of its own. */
const PLAIN = EXAMPLES.filter((name) => !name.includes('(needs '));
const plainNodes = PLAIN.flatMap((name) => all.get(name)!);

describe('every example', () => {
  for (const [name, nodes] of all) {
    describe(name, () => {
      const ids = new Set(nodes.map(({ id }) => id));

      it('has only wires, scopes and config nodes that are there', () => {
        for (const node of nodes) {
          const wires = (node['wires'] as string[][] | undefined) ?? [];
          const scope = (node['scope'] as string[] | undefined) ?? [];
          const links = (node['links'] as string[] | undefined) ?? [];
          const configs = ['connection', 'broker'].map((property) => node[property] as string | undefined);
          const others = node.type === 'mqtt-broker' ? [] : configs.filter((id) => id !== undefined);
          for (const id of [...wires.flat(), ...scope, ...links, ...others])
            assert.ok(ids.has(id), `${node.id} → ${id}`);
          if (node['z'] !== undefined) assert.equal(node['z'], nodes[0]!.id);
        }
      });

      it('holds no credential and nothing of one machine', () => {
        const text = JSON.stringify(nodes);
        assert.doesNotMatch(text, /"credentials"|"apiKey"|"password"|Bearer|sim-key/);
        assert.doesNotMatch(text, /\/home\/|\/Users\/|\/work\/|\/tmp\/|[A-Z]:\\\\|\d+\.\d+\.\d+\.\d+/);
        for (const { baseUrl } of nodes.filter(({ type }) => type === 'nrfcloud-connection')) {
          assert.equal(baseUrl, 'https://api.provisioning.nrfcloud.com/v1');
        }
        for (const { broker } of nodes.filter(({ type }) => type === 'mqtt-broker')) assert.equal(broker, 'localhost');
      });

      if (!PLAIN.includes(name)) return;

      it('is one flow of the same name, explained by a comment: what it does, what to set, how to try it', () => {
        const tabs = nodes.filter(({ type }) => type === 'tab');
        assert.deepEqual(
          tabs.map(({ label }) => label as unknown),
          [name],
        );
        const [comment] = nodes.filter(({ type }) => type === 'comment');
        assert.ok(comment !== undefined, 'there is no comment node');
        assert.ok(String(comment['info']).length > 200);
        for (const part of ['**Set** ', '**Try it**']) assert.ok(String(comment['info']).includes(part), part);
      });

      it('has functions that can be read at a glance', () => {
        for (const { func } of nodes.filter(({ type }) => type === 'function')) {
          const lines = String(func).split('\n');
          assert.ok(lines.length <= 25 && lines.every((line) => line.length <= 120), String(func));
        }
      });
    });
  }

  it('has ids that no other example has', () => {
    const ids = [...all.values()].flat().map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('of them, at least one shows each node type of the package', () => {
    const types = new Set(plainNodes.map(({ type }) => type));
    assert.deepEqual(
      OUR_TYPES.filter((type) => !types.has(type)),
      [],
    );
  });
});

describe('all examples, imported into a real Node-RED', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let running: RunningExamples;

  before(async () => {
    simulator = await startSimulator();
    // Nothing listens on the broker's port; it is not what is looked at here.
    running = await startExamples(PLAIN, { simulator, mqttPort: 9, nodes: { 'tcp in': { port: '0' } } });
  });
  after(async () => {
    await running.stop();
    await simulator.close();
  });

  it('stand in the import menu by their names', async () => {
    const menu = `/library/examples/flows/${PACKAGE.name}`;
    const shown = (await (await running.nodeRed.admin(menu)).json()) as ({ fn: string } | string)[];
    const files = shown.flatMap((entry) => (typeof entry === 'string' ? [] : [entry.fn]));
    assert.deepEqual(files.sort(), [...EXAMPLES].sort());
    const [name] = PLAIN;
    const imported = await running.nodeRed.admin(`${menu}/${encodeURIComponent(name!)}`);
    assert.deepEqual(JSON.parse(await imported.text()), all.get(name!));
  });

  it('need no other package than this one and Node-RED', async () => {
    const answer = await running.nodeRed.admin('/nodes', { headers: { accept: 'application/json' } });
    const sets = (await answer.json()) as { module: string; types: string[] }[];
    const core = sets.filter(({ module }) => module === 'node-red').flatMap(({ types }) => types);
    const known = new Set([...core, ...OUR_TYPES, 'tab', 'group']);
    const used = new Set(plainNodes.map(({ type }) => type));
    assert.deepEqual(
      [...used].filter((type) => !known.has(type)),
      [],
    );
  });

  it('run as they are, and Node-RED complains about nothing', () => {
    const complaints = running.nodeRed.log.filter((line) => / - \[(warn|error|fatal)\] /.test(line));
    const known = /Projects disabled|Encrypted credentials not found|mqtt-broker/;
    assert.deepEqual(
      complaints.filter((line) => !known.test(line)),
      [],
    );
    assert.ok(!running.nodeRed.log.some((line) => /missing types/i.test(line)));
  });
});
