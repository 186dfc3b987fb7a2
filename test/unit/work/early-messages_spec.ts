import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BulkClaims } from '../../../nodes/work/bulk-claims';
import { BulkStatusTracker } from '../../../nodes/work/bulk-status-tracker';
import { CommandTracker } from '../../../nodes/work/command-tracker';
import { OnboardingTracker } from '../../../nodes/work/onboarding-tracker';
import { NodeContextRig } from '../../support/node-context-rig';

const DAY_MS = 86_400_000;
/** How long the node has run before. */
const CLOCK_MS = 60 * DAY_MS;
const TIMEOUT_MS = 3_600_000;
const SETTINGS = {
  store: 'file',
  wait: true,
  until: 'onboarded',
  interval: 0.1,
  maxInterval: 0.1,
  pollRate: 1000,
  timeout: TIMEOUT_MS / 1000,
} as const;

type Hold = (key: string, work: object, options?: object) => Promise<unknown>;

describe('messages that come before the records are loaded', () => {
  let rig: NodeContextRig;
  beforeEach(() => (rig = new NodeContextRig()));
  afterEach(() => rig.close());

  const record = async (key: string, state: object): Promise<void> => {
    const earlier = rig.store('file');
    await earlier.create(key, { ...state });
    await earlier.close();
  };

  /** Deploys a node whose polls all say that the work is pending. */
  const deploy = <T>(Tracker: new (context: never) => T) => {
    const context = rig.open({ settings: () => SETTINGS });
    const body = { bulkOpsRequestId: 'x', status: 'PENDING', id: 'c' };
    mock.method(context, 'request', () => Promise.resolve({ statusCode: 200, body }));
    const holdAs = (id: string): Hold => {
      return (key, work, options) =>
        context.pending.hold(
          key,
          { _msgid: id },
          { ...work },
          () => undefined,
          () => undefined,
          options,
        );
    };
    const inOrder = (): Promise<object> => Promise.resolve({ statusCode: 201, body });
    const api = { checkConfigured: () => undefined, inOrder };
    const taskOf = (id: string): object => {
      const hold = holdAs(id);
      return { settings: SETTINGS, api, hold, holdWork: hold, recordWork: () => Promise.resolve() };
    };
    return { tracker: new Tracker(context as never), context, taskOf };
  };

  /** What is recorded of the work that is not one of these. */
  const recordedWork = (): { deadline: number; begunAt: number } => {
    const [state] = [...rig.kept].flatMap(([key, value]) => (key.includes('#') ? [] : [value?.['state']]));
    return (state as { work: { deadline: number; begunAt: number } }).work;
  };

  const device = { isArray: true, ids: ['a'], onboardedIds: ['a'], lines: [0] };
  const command = { deviceId: 'd', definition: { request: {} } };
  for (const [name, begin] of [
    [
      'bulk status',
      () => {
        const { tracker, taskOf } = deploy(BulkStatusTracker);
        return tracker.begin('NEW', taskOf('new') as never);
      },
    ],
    [
      'command',
      () => {
        const { tracker, taskOf } = deploy(CommandTracker);
        return tracker.run(command, taskOf('new') as never);
      },
    ],
    [
      'onboarding',
      () => {
        const { tracker, taskOf } = deploy(OnboardingTracker);
        return tracker.begin(device, taskOf('new') as never, undefined, true);
      },
    ],
  ] as const) {
    it(`${name}: the timeout of a message that comes before the records are loaded begins when it comes`, async () => {
      await record('#clock', { ms: CLOCK_MS });
      const begun = begin();
      await setImmediate();
      rig.events.emit('flows:started');
      await rig.clock.pass(400, 50);
      await begun;
      const { deadline, begunAt } = recordedWork();
      assert.ok(begunAt >= CLOCK_MS, String(begunAt));
      assert.equal(deadline, begunAt + TIMEOUT_MS);
      const clock = rig.kept.get('nrfcloud_#clock')!['state'] as { ms: number };
      assert.ok(clock.ms >= CLOCK_MS, String(clock.ms));
    });
  }

  it('bulk status: recorded work keeps its deadline when a message comes while the records are loaded', async () => {
    await record('#clock', { ms: CLOCK_MS });
    const work = { id: 'OLD', deadline: CLOCK_MS + 2000, begunAt: CLOCK_MS, status: 'PENDING' };
    await record('old', { version: 2, large: [], work });
    const { tracker, taskOf } = deploy(BulkStatusTracker);
    rig.events.emit('flows:started');
    await setImmediate();
    const begun = tracker.begin('NEW', taskOf('new') as never);
    await rig.clock.pass(4000, 25);
    await begun;
    assert.equal(rig.begun.length, 1);
    await assert.rejects(rig.begun[0]!.handler!({} as never), { code: 'NRFCLOUD_TIMEOUT' });
    assert.equal(rig.begun[0]!.msg.resumed, true);
  });

  /** The message that ends has no result. */
  const assertCancelled = async (): Promise<void> => {
    await rig.clock.pass(400, 50);
    assert.equal(rig.begun.length, 1);
    const task = { describe: () => undefined, continueWork: () => undefined };
    assert.equal(await rig.begun[0]!.handler!(task as never), undefined);
  };

  it('bulk status: a cancel that comes before the records are loaded ends recorded work', async () => {
    await record('old', { version: 2, large: [], work: { id: 'OLD', deadline: null, begunAt: 0, status: null } });
    const { tracker } = deploy(BulkStatusTracker);
    const cancelled = tracker.cancel('OLD');
    rig.events.emit('flows:started');
    await assertCancelled();
    await cancelled;
  });

  it('command: a cancel that comes before the records are loaded ends recorded work', async () => {
    const work = { deviceId: 'd', commandId: 'c', deadline: null, begunAt: 0, createdAt: '', status: null };
    await record('old', { version: 2, large: [], work });
    const { tracker } = deploy(CommandTracker);
    const cancelled = tracker.cancel(['c']);
    rig.events.emit('flows:started');
    await assertCancelled();
    await cancelled;
  });

  for (const isLoaded of [false, true]) {
    it(`bulk claim: a cancel ends recorded work that has not gone on (records are loaded: ${isLoaded})`, async () => {
      await record('old', { version: 2, large: [], work: { id: 'OLD', content: 'text', progress: {} } });
      const context = rig.open({ settings: () => SETTINGS });
      const claims = new BulkClaims({ events: rig.events, settings: {} } as never, context as never);
      const cancel = (): Promise<unknown> => {
        const task = { inputs: { cancel: true }, get: () => ({ id: 'OLD' }), describe: () => undefined };
        return claims.run(task as never);
      };
      const early = isLoaded ? undefined : cancel();
      rig.events.emit('flows:started');
      await rig.clock.pass(400, 50);
      await (early ?? cancel());
      await assertCancelled();
    });
  }

  it('a message that waits for the records ends with its node', async () => {
    const { tracker, taskOf } = deploy(BulkStatusTracker);
    const begun = tracker.begin('NEW', taskOf('new') as never);
    rig.stop();
    await assert.rejects(begun, { code: 'NRFCLOUD_CLOSED' });
    assert.equal(rig.kept.size, 0);
  });
});
