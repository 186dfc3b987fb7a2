import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import type { NrfCloudError } from '../../../nodes/api/errors';
import type { NodeContext } from '../../../nodes/runtime/node-context';
import { BulkClaims } from '../../../nodes/work/bulk-claims';
import { BulkStatusTracker } from '../../../nodes/work/bulk-status-tracker';
import { CommandTracker } from '../../../nodes/work/command-tracker';
import { OnboardingTracker } from '../../../nodes/work/onboarding-tracker';
import { NodeContextRig } from '../../support/node-context-rig';
import { removeUserDir } from '../../support/node-store-rig';
import { assertSentence } from '../../support/sentences';

const SETTINGS = { until: 'onboarded', interval: 1, maxInterval: 1, pollRate: 1000, timeout: 60 } as const;
const NO_ENDS = { onboarded: 0, connected: 0, failed: 0 };
const COMMON = { sequence: 's', deadline: null, begunAt: 0, sent: 0, counts: NO_ENDS, ended: '' };
const GROUP = { ...COMMON, isArray: false, total: 1, device: 'a' };
const WATCH = { deviceId: 'd', commandId: 'c', deadline: null, begunAt: 0, createdAt: '', status: null };

/** What takes up the records of a node. */
type Tracker = (context: NodeContext<object, undefined>, rig: NodeContextRig) => object;

const TRACKERS: readonly [name: string, deploy: Tracker, sound: object, damaged: readonly unknown[]][] = [
  [
    'bulk claim',
    (context, { events }) => new BulkClaims({ events, settings: {} } as never, context as never),
    { id: 's', content: 'text', progress: {} },
    [undefined, 'text', { progress: {} }, { id: 1, progress: {} }, { id: 's', progress: null }],
  ],
  [
    'bulk status',
    (context) => new BulkStatusTracker(context as never),
    { id: 'b', deadline: null, begunAt: 0, status: null },
    [undefined, null, {}, { id: 1 }, { id: '' }],
  ],
  [
    'command',
    (context) => new CommandTracker(context as never),
    WATCH,
    [undefined, {}, { deviceId: 1 }, { ...WATCH, commandId: 1 }, { ...WATCH, deadline: 'soon' }],
  ],
  [
    'onboarding',
    (context) => new OnboardingTracker(context as never),
    GROUP,
    [undefined, {}, { ...GROUP, counts: null }, { ...GROUP, ended: 1 }, { ...GROUP, total: -1 }],
  ],
];

describe('damaged records', () => {
  let rig: NodeContextRig;
  beforeEach(() => {
    rig = new NodeContextRig();
    rig.userDir = mkdtempSync(join(tmpdir(), 'damaged-records-'));
  });
  afterEach(async () => {
    await removeUserDir(rig.userDir!, rig.clock);
    await rig.close();
  });

  /** Lets the time pass that claims and writes take, until a call ends. */
  const ended = async <R>(call: Promise<R>): Promise<R> => {
    const state = { isEnded: false };
    const mark = (): void => {
      state.isEnded = true;
    };
    call.then(mark, mark);
    while (!state.isEnded) await rig.clock.jump(50);
    return call;
  };

  /** Starts the node, and stops it when its damaged records have been dealt with. */
  const run = async (deploy: Tracker, store: string, keys: readonly string[]): Promise<void> => {
    const context = rig.open({ settings: () => ({ ...SETTINGS, store }) });
    mock.method(context, 'request', () => new Promise<never>(() => undefined));
    deploy(context, rig);
    rig.events.emit('flows:started');
    await ended(context.records.loaded());
    for (const key of keys) {
      const isSetAside = async (): Promise<boolean> => (await context.store!.read(key))?.['setAside'] !== undefined;
      while (!(await ended(isSetAside()))) await rig.clock.jump(10);
    }
    rig.stop();
    await ended(context.stopPending());
    await ended(context.close());
  };

  for (const [name, deploy, sound, damaged] of TRACKERS) {
    for (const store of ['default', 'file', '']) {
      const where = store === '' ? 'the journal' : `the store ${store}`;
      it(`${name}: damaged records in ${where} are reported once, with their messages, and set aside`, async () => {
        const earlier = rig.store(store);
        const states = [...damaged, sound].map((work) => ({ version: 2, large: [], ...(work ? { work } : {}) }));
        const keys = states.map((_, index) => `key ${index}`);
        for (const [topic, state] of states.entries()) await ended(earlier.create(keys[topic]!, state, [{ topic }]));
        await ended(earlier.close());
        const damagedKeys = keys.slice(0, -1);
        await run(deploy, store, damagedKeys);
        const reports = (rig.errors as [NrfCloudError, { topic: number }][]).sort((a, b) => a[1].topic - b[1].topic);
        assert.deepEqual(
          reports.map(([{ code }, msg]) => [code, msg]),
          damaged.map((_, topic) => ['NRFCLOUD_INVALID_INPUT', { topic, resumed: true }]),
        );
        if (store === '') for (const [{ message }] of reports) assertSentence(message);
        await run(deploy, store, damagedKeys);
        assert.equal(rig.errors.length, damaged.length);
        const later = rig.store(store);
        const kept = await ended(later.read(keys[1]!));
        await ended(later.close());
        assert.deepEqual({ ...kept, setAside: undefined }, { ...states[1], setAside: undefined });
      });
    }
  }
});
