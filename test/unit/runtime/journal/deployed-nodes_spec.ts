import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { watchDeployedNodes } from '../../../../nodes/runtime/journal/deployed-nodes';
import { assertSentence } from '../../../support/sentences';

const DAY_MS = 24 * 3_600_000;
const NOW = Date.UTC(2026, 0, 1);

type State = Record<string, unknown>;

/** A journal in memory, in which a node is only the record that says since when it is missing. */
function journalOf(...nodes: string[]) {
  const missing = new Map<string, State | undefined>(nodes.map((node) => [node, undefined]));
  const journal = {
    isClosed: false,
    missing,
    fails: false,
    nodes: () => [...missing.keys()],
    forget: (node: string) => {
      missing.delete(node);
      return journal.fails ? Promise.reject(new Error('read-only')) : Promise.resolve();
    },
    store: (node: string) => ({
      read: (key: string) => Promise.resolve(key === '#missing' ? missing.get(node) : undefined),
      create: (key: string, state: State) => {
        if (journal.fails) return Promise.reject(new Error('read-only'));
        if (key === '#missing') missing.set(node, state);
        return Promise.resolve();
      },
    }),
  };
  return journal;
}

describe('deployed nodes', () => {
  const journals: ReturnType<typeof journalOf>[] = [];
  let events: EventEmitter;
  let warnings: string[];

  beforeEach(() => {
    mock.timers.enable({ apis: ['Date'], now: NOW });
    events = new EventEmitter();
    warnings = [];
  });

  afterEach(async () => {
    for (const journal of journals.splice(0)) journal.isClosed = true;
    await deploy('load', 'tab');
    mock.timers.reset();
  });

  function watch(journal: ReturnType<typeof journalOf>, node: string): void {
    journals.push(journal);
    const RED = { events, log: { warn: (words: string) => warnings.push(words) } };
    watchDeployedNodes(RED as never, journal as never, node);
  }

  async function deploy(type: string, ...ids: string[]): Promise<void> {
    events.emit('flows:started', { config: { flows: ids.map((id) => ({ id })) }, type });
    await setImmediate();
  }

  for (const type of ['full', 'nodes', 'flows']) {
    it(`deployed nodes: a deploy (${type}) without a node forgets its records, and no others`, async () => {
      const journal = journalOf('kept', 'deleted', 'deleted too');
      for (const node of journal.nodes()) watch(journal, node);
      await deploy(type, 'kept');
      assert.deepEqual(journal.nodes(), ['kept']);
      assert.deepEqual(warnings, []);
    });
  }

  for (const type of ['load', 'reload']) {
    it(`deployed nodes: flows that are replaced as a whole (${type}) delete no node`, async () => {
      const journal = journalOf('a');
      watch(journal, 'a');
      await deploy(type, 'tab');
      assert.deepEqual([...journal.missing], [['a', { since: NOW }]]);
    });
  }

  it('deployed nodes: flows without nodes delete no node', async () => {
    const journal = journalOf('a');
    watch(journal, 'a');
    for (const config of [undefined, {}, { flows: [] }]) events.emit('flows:started', { config, type: 'full' });
    events.emit('flows:started');
    await setImmediate();
    assert.deepEqual([...journal.missing], [['a', undefined]]);
  });

  for (const [id, isKept] of [
    ['instance-node', true],
    ['instance-inner-node', true],
    ['gone-node', false],
    ['instance-gone', false],
    ['instance-node-gone', false],
  ] as const) {
    it(`deployed nodes: a node ${id} of a subflow is ${isKept ? 'kept' : 'forgotten'}`, async () => {
      const journal = journalOf(id);
      watch(journal, id);
      await deploy('full', 'instance', 'node');
      assert.deepEqual(journal.nodes(), isKept ? [id] : []);
    });
  }

  it('deployed nodes: records of unknown nodes are reported once, with the number of nodes', async () => {
    const journal = journalOf('own', 'unknown', 'unknown too');
    watch(journal, 'own');
    await deploy('full', 'own', 'unknown', 'unknown too');
    assert.deepEqual(warnings, []);
    await deploy('full', 'own');
    await deploy('full', 'own');
    assert.equal(warnings.length, 1);
    assertSentence(warnings[0]);
    assert.deepEqual(journal.nodes(), ['own', 'unknown', 'unknown too']);
  });

  it('deployed nodes: an unknown node is forgotten 30 days after it was first missing', async () => {
    const journal = journalOf('own', 'unknown');
    watch(journal, 'own');
    await deploy('load', 'own');
    mock.timers.setTime(NOW + 30 * DAY_MS);
    await deploy('load', 'own');
    assert.deepEqual(
      [...journal.missing],
      [
        ['own', undefined],
        ['unknown', { since: NOW }],
      ],
    );
    mock.timers.setTime(NOW + 30 * DAY_MS + 1);
    await deploy('load', 'own');
    assert.deepEqual(journal.nodes(), ['own']);
  });

  it('deployed nodes: a journal that cannot be written ends nothing', async () => {
    const journal = journalOf('own', 'deleted', 'unknown');
    watch(journal, 'own');
    watch(journal, 'deleted');
    journal.fails = true;
    await deploy('full', 'own');
    assert.deepEqual(journal.nodes(), ['own', 'unknown']);
  });

  it('deployed nodes: a journal that was closed is left alone, and others are not', async () => {
    const [closed, open] = [journalOf('a'), journalOf('a')];
    for (const journal of [closed, open]) watch(journal, 'a');
    closed.isClosed = true;
    await deploy('full', 'tab');
    assert.deepEqual([closed.nodes(), open.nodes()], [['a'], []]);
  });

  it('deployed nodes: one listener serves all journals', () => {
    for (const journal of [journalOf('a'), journalOf('b')]) watch(journal, 'a');
    assert.equal(events.listenerCount('flows:started'), 1);
  });
});
