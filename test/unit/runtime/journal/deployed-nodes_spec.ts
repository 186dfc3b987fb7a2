import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { watchFlows, watchDeployedNodes } from '../../../../nodes/runtime/journal/deployed-nodes';
import { assertSentence } from '../../../support/sentences';

const DAY_MS = 24 * 3_600_000;
const NOW = Date.UTC(2026, 0, 1);

type State = Record<string, unknown>;

let journals = 0;

/** A journal in memory, in which a node is only the record that says since when it is missing. */
function journalOf(...nodes: string[]) {
  const missing = new Map<string, State | undefined>(nodes.map((node) => [node, undefined]));
  const journal = {
    path: `journal ${journals++}`,
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
      remove: (key: string) => {
        if (journal.fails) return Promise.reject(new Error('read-only'));
        if (key === '#missing' && missing.has(node)) missing.set(node, undefined);
        return Promise.resolve();
      },
    }),
  };
  return journal;
}

describe('deployed nodes', () => {
  const opened: ReturnType<typeof journalOf>[] = [];
  let events: EventEmitter;
  let warnings: string[];

  beforeEach(() => {
    mock.timers.enable({ apis: ['Date'], now: NOW });
    events = new EventEmitter();
    warnings = [];
  });

  afterEach(async () => {
    for (const journal of opened.splice(0)) journal.isClosed = true;
    await deploy('load', 'tab');
    mock.timers.reset();
  });

  const RED = (): never => ({ events, log: { warn: (words: string) => warnings.push(words) } }) as never;

  /** @param began the flows when the node began to open the journal */
  function watch(journal: ReturnType<typeof journalOf>, node: string, began = { flows: watchFlows(RED()) }): void {
    opened.push(journal);
    watchDeployedNodes(RED(), journal as never, node, began.flows);
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

  it('deployed nodes: a node that comes back is kept for 30 days again when it is missing later', async () => {
    const journal = journalOf('own', 'unknown');
    watch(journal, 'own');
    await deploy('load', 'own');
    mock.timers.setTime(NOW + DAY_MS);
    await deploy('load', 'own', 'unknown');
    assert.deepEqual(journal.missing.get('unknown'), undefined);
    mock.timers.setTime(NOW + 40 * DAY_MS);
    await deploy('load', 'own');
    assert.deepEqual(journal.missing.get('unknown'), { since: NOW + 40 * DAY_MS });
    mock.timers.setTime(NOW + 71 * DAY_MS);
    await deploy('load', 'own');
    assert.deepEqual(journal.nodes(), ['own']);
  });

  for (const [clock, since] of [
    ['before the clock was set', 1000],
    ['while the clock was ahead', NOW + 400 * DAY_MS],
    ['at a time that is not a number', '2026'],
  ] as const) {
    it(`deployed nodes: the 30 days of a node that was missed ${clock} begin now`, async () => {
      const journal = journalOf('own', 'unknown');
      watch(journal, 'own');
      journal.missing.set('unknown', { since });
      mock.timers.setTime(NOW + 100 * DAY_MS);
      await deploy('load', 'own');
      assert.deepEqual(journal.missing.get('unknown'), { since: NOW + 100 * DAY_MS });
    });
  }

  it('deployed nodes: as long as the clock is not set, nothing is noted or forgotten', async () => {
    const journal = journalOf('own', 'unknown', 'noted');
    watch(journal, 'own');
    journal.missing.set('noted', { since: NOW });
    mock.timers.setTime(1000);
    await deploy('load', 'own');
    assert.deepEqual(
      [...journal.missing],
      [
        ['own', undefined],
        ['unknown', undefined],
        ['noted', { since: NOW }],
      ],
    );
  });

  it('deployed nodes: a node that was deleted while the journal was closed is forgotten when it is opened again', async () => {
    const closed = journalOf('a', 'deleted');
    for (const node of closed.nodes()) watch(closed, node);
    await deploy('full', 'a', 'deleted');
    closed.isClosed = true;
    const began = { flows: watchFlows(RED()) };
    await deploy('full', 'a');
    const next = { ...journalOf(), path: closed.path, nodes: closed.nodes, forget: closed.forget, store: closed.store };
    watch(next, 'a', began);
    await setImmediate();
    assert.deepEqual(closed.nodes(), ['a']);
  });

  it('deployed nodes: a node that was replaced with all flows is not deleted by a later deploy', async () => {
    const journal = journalOf('other project', 'own');
    for (const node of journal.nodes()) watch(journal, node);
    await deploy('reload', 'own');
    await deploy('full', 'own');
    assert.deepEqual(journal.nodes(), ['other project', 'own']);
  });

  it('deployed nodes: flows that started before the journal was open are compared when it is', async () => {
    const began = { flows: watchFlows(RED()) };
    await deploy('load', 'own');
    const journal = journalOf('own', 'unknown');
    watch(journal, 'own', began);
    await setImmediate();
    assert.deepEqual(journal.missing.get('unknown'), { since: NOW });
    assert.equal(warnings.length, 1);
  });

  it('deployed nodes: flows that are being replaced are not compared', async () => {
    await deploy('full', 'tab');
    const journal = journalOf('comes back');
    watch(journal, 'comes back');
    await setImmediate();
    assert.deepEqual([...journal.missing], [['comes back', undefined]]);
    assert.deepEqual(warnings, []);
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
