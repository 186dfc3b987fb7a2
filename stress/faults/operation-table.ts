import assert from 'node:assert/strict';
import type { Simulator } from '../../simulator/index';
import type { Message } from '../../test/support/node-rig';
import type { Group } from './fault-table';
import type { Arrival } from './fault-server';

/** The two generations of the service's paths. */
export type Generation = 'guide' | 'current';

/** What is there before a cell's message is sent, and how to see afterwards what became of it. */
export interface Prepared {
  msg: Record<string, unknown>;
  config?: Record<string, unknown>;
  /** Looks at what left the node when all went well, by output. */
  check: (outputs: Message[][]) => void;
  /** How often the work was done at the service; absent for what only reads. */
  effects?: () => number;
  /** How often something was done that must never be. */
  harm?: () => number;
  /** The status dot's colour when all went well; green if not given. */
  colour?: 'yellow';
}

/** The world that cells are prepared in. */
export interface World {
  simulator: Simulator;
  /** Asks the simulator without going through the faults. @throws {Error} for a refusal */
  ask: (method: string, path: string, body?: unknown) => Promise<any>;
}

/** One operation of one node, and which of its requests the faults are for. */
export interface Operation {
  /** As it stands in the summary. */
  name: string;
  node: string;
  outputs: number;
  /** The request that is struck; what stands in the table of outcomes. */
  step: string;
  strikes: (arrival: Arrival) => boolean;
  /** What kinds of strange bodies of a success are an answer all the same, because none is needed. */
  content: readonly Group[];
  /** The struck answer is what the user gets, so that news in it have to show. */
  shows: boolean;
  /** Every request is struck, as if the whole service were gone. */
  everything?: boolean;
  prepare: (world: World, cell: string, generation: Generation) => Promise<Prepared> | Prepared;
  generations: readonly Generation[];
  /** The node itself goes on for this long; its own retries are not the connection's. */
  polls?: boolean;
}

const BOTH: readonly Generation[] = ['guide', 'current'];
const NOT_NEEDED: readonly Group[] = ['empty body', 'null body', 'array body', 'scalar body'];

const is =
  (method: string, path: RegExp, query = /^/) =>
  (arrival: Arrival): boolean =>
    arrival.host === 'service' && arrival.method === method && path.test(arrival.path) && query.test(arrival.query);

const CLAIM = is('POST', /^\/(identities\/)?claimed-devices$/);
const BULK = is('POST', /^\/claimed-devices(\/bulk)?$/);
const POLL = is('GET', /^\/bulk-ops-requests\/[^/]+$/);
const SUMMARY = ({ host }: Arrival): boolean => host === 'summary';
const TAGS = /^\/(claimed-devices|provisioning)\/tags$/;
const TAG = /^\/(claimed-devices|provisioning)\/tags\/[^/]+$/;
const DEVICE = /^\/claimed-devices\/[^/]+$/;
const DEVICES = /^\/claimed-devices$/;

const tagPath = (generation: Generation): string =>
  generation === 'guide' ? '/claimed-devices/tags' : '/provisioning/tags';
const first = (outputs: Message[][], port = 0): Message => {
  assert.equal(outputs.flat().length, 1, 'not one message left the node');
  const [msg] = outputs[port]!;
  assert.ok(msg !== undefined, `nothing left by output ${port + 1}`);
  return msg;
};

type Sketch = Pick<Operation, 'name' | 'step' | 'strikes' | 'prepare'> & Partial<Operation>;
const of =
  (node: string, outputs: number) =>
  (sketch: Sketch): Operation => ({ node, outputs, content: [], shows: true, generations: BOTH, ...sketch });

const claim = of('nrfcloud-claim', 1);
const bulkClaim = of('nrfcloud-bulk-claim', 3);
const bulkStatus = of('nrfcloud-bulk-status', 3);
const tags = of('nrfcloud-tags', 1);
const device = of('nrfcloud-device', 1);
const devices = of('nrfcloud-devices', 1);

/** Claims a device of its own. */
const claimOne: Operation['prepare'] = ({ simulator }, cell) => {
  const { claimToken, deviceUuid } = simulator.mint();
  return {
    msg: { payload: { claimToken, tags: [cell] } },
    check: (outputs) => {
      const msg = first(outputs);
      assert.equal(msg['deviceId'], deviceUuid);
      assert.equal(msg['payload'].id, deviceUuid);
    },
    effects: () => simulator.claims.get(deviceUuid) ?? 0,
  };
};

/** Uploads two rows. */
const uploadTwo: Operation['prepare'] = ({ simulator }) => {
  const tokens = simulator.mintMany(2);
  return {
    msg: { payload: tokens.map(({ claimToken }) => claimToken) },
    check: ([uploads = [], rejected = [], summaries = []]) => {
      // After a 413 there are two uploads of one row.
      assert.equal(uploads.flatMap(({ rows }) => rows as unknown[]).length, 2);
      assert.deepEqual(rejected, []);
      assert.equal(summaries.length, 1);
      assert.equal(summaries[0]!['payload'].uploaded, 2);
    },
    // In `guide` the work goes on behind the answer; the matrix looks when everything has come to rest.
    effects: () => Math.max(...tokens.map(({ deviceUuid }) => simulator.claims.get(deviceUuid) ?? 0)),
  };
};

/** A bulk operation with one row that fails, so that there is an error summary. */
const watchOne: Operation['prepare'] = async ({ simulator, ask }) => {
  const good = simulator.mint().claimToken;
  const { bulkOpsRequestId } = await ask('POST', '/claimed-devices/bulk', `${good}\nnonsense\n`);
  return {
    msg: { payload: bulkOpsRequestId },
    check: ([succeeded = [], failed = []]) => {
      assert.deepEqual(succeeded, []);
      assert.equal(failed.length, 1);
      assert.equal(failed[0]!['payload'].bulkOpsRequestId, bulkOpsRequestId);
      // An unknown status that is an end, too.
      assert.ok(['FAILED', 'PONDERING'].includes(failed[0]!['payload'].status as string));
      assert.ok(failed[0]!['payload'].errors.length > 0, 'no errors are told');
    },
    // One of its two rows failed.
    colour: 'yellow',
  };
};

/** A tag that is there. */
const tagFor =
  (
    order: (id: string, cell: string) => unknown,
    look: (cell: string, id: string, simulator: Simulator) => Partial<Prepared>,
  ): Operation['prepare'] =>
  async ({ simulator, ask }, cell, generation) => {
    const { id } = await ask('POST', tagPath(generation), { tag: cell, description: 'as it was' });
    return {
      msg: { payload: order(id, cell) },
      check: (outputs) => {
        const { payload } = first(outputs);
        if (typeof payload === 'object' && payload !== null && 'id' in payload) assert.equal(payload.id, id);
      },
      ...look(cell, id, simulator),
    };
  };

const named = (simulator: Simulator, name: string): Record<string, unknown>[] =>
  simulator.tags().filter(({ tag }) => tag === name);

/** A tag that is not there. */
const newTag: Operation['prepare'] = ({ simulator }, cell) => ({
  msg: { payload: { tag: cell, description: 'new' } },
  check: (outputs) => void first(outputs),
  effects: () => named(simulator, cell).length,
});

/** A device that is there. */
const deviceFor =
  (
    state: 'free' | 'blocked',
    effects?: (device: Record<string, unknown> | undefined) => boolean,
  ): Operation['prepare'] =>
  async ({ simulator, ask }, cell) => {
    const [id = ''] = simulator.fill(1, [cell]);
    if (state === 'blocked') await ask('POST', `/claimed-devices/${id}/block`);
    return {
      msg: { payload: id },
      check: (outputs) => {
        const { payload } = first(outputs);
        if (typeof payload === 'object' && payload !== null && 'id' in payload) assert.equal(payload.id, id);
      },
      ...(effects === undefined ? {} : { effects: () => Number(effects(simulator.device(id))) }),
    };
  };

/** Three devices on two pages. */
const listing =
  (mode: string): Operation['prepare'] =>
  ({ simulator }, cell) => {
    const ids = simulator.fill(3, [cell]);
    return {
      msg: { payload: 'untouched' },
      config: { mode, tag: cell, query: `pageLimit=2&tag=${cell}` },
      check: ([sent = []]) => {
        const seen = sent.flatMap((msg) => msg['payload'] as { id: string } | { id: string }[]).map(({ id }) => id);
        assert.deepEqual(seen, ids);
        if (mode !== 'array') assert.equal(sent.at(-1)!['parts'].count, sent.length);
      },
    };
  };

/** Every operation of every node. */
export const OPERATIONS: readonly Operation[] = [
  claim({ name: 'claim', step: 'claim', strikes: CLAIM, prepare: claimOne }),
  claim({
    name: 'claim, nothing answers right',
    step: 'claim, all',
    strikes: ({ host }) => host === 'service',
    everything: true,
    prepare: claimOne,
  }),
  claim({
    name: 'claim of one’s own device',
    step: 'look up a device',
    strikes: is('GET', DEVICE),
    prepare: async ({ simulator, ask }) => {
      const { claimToken, deviceUuid } = simulator.mint();
      await ask('POST', '/claimed-devices', { claimToken });
      return {
        msg: { payload: claimToken },
        check: (outputs) => {
          const msg = first(outputs);
          assert.equal(msg['alreadyClaimed'], true);
          assert.equal(msg['payload'].id, deviceUuid);
        },
      };
    },
  }),
  claim({
    name: 'claim, dry run',
    step: 'dry run',
    strikes: CLAIM,
    content: NOT_NEEDED,
    generations: ['current'],
    prepare: ({ simulator }) => {
      const { claimToken, deviceUuid } = simulator.mint();
      return {
        msg: { payload: claimToken },
        config: { dryRun: true },
        check: (outputs) => assert.equal(first(outputs)['deviceId'], deviceUuid),
        harm: () => simulator.claims.get(deviceUuid) ?? 0,
      };
    },
  }),

  bulkClaim({ name: 'bulk claim', step: 'upload', strikes: BULK, prepare: uploadTwo }),
  bulkStatus({ name: 'bulk status', step: 'poll', strikes: POLL, polls: true, prepare: watchOne }),
  bulkStatus({
    name: 'bulk status, error summary',
    step: 'summary',
    strikes: SUMMARY,
    shows: false,
    prepare: watchOne,
  }),

  tags({
    name: 'tags: list',
    step: 'list tags',
    content: ['array body'],
    strikes: is('GET', TAGS),
    prepare: () => ({
      msg: { payload: 'ignored' },
      config: { operation: 'list' },
      check: (outputs) => assert.ok(Array.isArray(first(outputs)['payload'].items)),
    }),
  }),
  tags({
    name: 'tags: create',
    step: 'create tag',
    strikes: is('POST', TAGS),
    content: NOT_NEEDED,
    prepare: (...all) => with_({ operation: 'create' }, newTag, all),
  }),
  tags({
    name: 'tags: ensure, new (list)',
    step: 'list tags',
    content: ['array body'],
    strikes: is('GET', TAGS),
    shows: false,
    prepare: (...all) => with_({ operation: 'ensure' }, newTag, all),
  }),
  tags({
    name: 'tags: ensure, new (create)',
    step: 'create tag',
    strikes: is('POST', TAGS),
    content: NOT_NEEDED,
    prepare: (...all) => with_({ operation: 'ensure' }, newTag, all),
  }),
  tags({
    name: 'tags: ensure, existing',
    step: 'find a tag',
    strikes: is('GET', TAGS),
    prepare: (...all) =>
      with_(
        { operation: 'ensure' },
        tagFor(
          (_id, cell) => cell,
          (cell, _id, simulator) => ({ harm: () => named(simulator, cell).length - 1 }),
        ),
        all,
      ),
  }),
  tags({
    name: 'tags: get',
    step: 'get tag',
    strikes: is('GET', TAG),
    // An acknowledgement without a body.
    content: ['empty body'],
    prepare: (...all) =>
      with_(
        { operation: 'get' },
        tagFor(
          (id) => id,
          () => ({}),
        ),
        all,
      ),
  }),
  tags({
    name: 'tags: update (read)',
    step: 'read before update',
    strikes: is('GET', TAG),
    shows: false,
    prepare: (...all) => with_({ operation: 'update' }, changeTag, all),
  }),
  tags({
    name: 'tags: update (change)',
    step: 'update tag',
    strikes: is('PUT', TAG),
    content: NOT_NEEDED,
    prepare: (...all) => with_({ operation: 'update' }, changeTag, all),
  }),
  tags({
    name: 'tags: delete',
    step: 'delete tag',
    // A response that is not about the tag is confirmed by a get, and not passed on.
    shows: false,
    strikes: is('DELETE', TAG),
    content: NOT_NEEDED,
    prepare: (...all) =>
      with_(
        { operation: 'delete' },
        tagFor(
          (id) => ({ id }),
          (cell, _id, simulator) => ({ effects: () => 1 - named(simulator, cell).length }),
        ),
        all,
      ),
  }),
  tags({
    name: 'tags: device',
    step: 'tags of device',
    strikes: is('GET', TAG),
    content: ['empty body'],
    generations: ['guide'],
    prepare: (...all) => with_({ operation: 'device' }, deviceFor('free'), all),
  }),
  tags({
    name: 'tags: device',
    step: 'tags of device',
    strikes: is('GET', DEVICE),
    // Only the device's tags are given.
    shows: false,
    generations: ['current'],
    prepare: (...all) => with_({ operation: 'device' }, deviceFor('free'), all),
  }),

  device({
    name: 'device: get',
    step: 'get device',
    strikes: is('GET', DEVICE),
    content: ['empty body'],
    prepare: (...all) => with_({ operation: 'get' }, deviceFor('free'), all),
  }),
  device({
    name: 'device: block',
    step: 'change of a device',
    strikes: is('POST', /\/block$/),
    content: NOT_NEEDED,
    prepare: (...all) =>
      with_(
        { operation: 'block' },
        deviceFor('free', (one) => one?.['status'] === 'BLOCKED'),
        all,
      ),
  }),
  device({
    name: 'device: unblock',
    step: 'change of a device',
    strikes: is('POST', /\/unblock$/),
    content: NOT_NEEDED,
    prepare: (...all) =>
      with_(
        { operation: 'unblock' },
        deviceFor('blocked', (one) => one?.['status'] !== 'BLOCKED'),
        all,
      ),
  }),
  device({
    name: 'device: unclaim',
    step: 'unclaim',
    // As above.
    shows: false,
    strikes: is('DELETE', DEVICE),
    content: NOT_NEEDED,
    prepare: (...all) =>
      with_(
        { operation: 'unclaim', allowUnclaim: true },
        deviceFor('free', (one) => one === undefined),
        all,
      ),
  }),

  ...['array', 'each', 'page'].flatMap((mode) => [
    devices({
      name: `devices: ${mode} (first page)`,
      step: 'list devices',
      content: ['array body'],
      strikes: is('GET', DEVICES, /^(?!.*pageNextToken)/),
      prepare: listing(mode),
    }),
    devices({
      name: `devices: ${mode} (second page)`,
      step: 'list devices',
      content: ['array body'],
      strikes: is('GET', DEVICES, /pageNextToken/),
      prepare: listing(mode),
    }),
  ]),
];

/** A new description for a tag; its name has to be read first. */
function changeTag(...[world, cell, generation]: Parameters<Operation['prepare']>): ReturnType<Operation['prepare']> {
  return tagFor(
    (id) => ({ id, description: 'as it is now' }),
    (name, _id, simulator) => ({
      effects: () => {
        const [tag] = named(simulator, name);
        return Number(tag?.['description'] === 'as it is now');
      },
    }),
  )(world, cell, generation);
}

async function with_(
  config: Record<string, unknown>,
  prepare: Operation['prepare'],
  all: Parameters<Operation['prepare']>,
): Promise<Prepared> {
  return { config, ...(await prepare(...all)) };
}
