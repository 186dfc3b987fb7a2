import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { NrfCloudError } from '../../../nodes/api/errors';
import type { NodeContext } from '../../../nodes/runtime/node-context';
import type { RecordedDevice, RecordedGroup } from '../../../nodes/work/onboarding-group';
import { OnboardingTracker, type OnboardingSettings } from '../../../nodes/work/onboarding-tracker';
import { NodeContextRig } from '../../support/node-context-rig';
import { assertSentence } from '../../support/sentences';

const SETTINGS = {
  store: 'file',
  until: 'onboarded',
  interval: 1,
  maxInterval: 1,
  pollRate: 1000,
  timeout: 60,
} as const;
const IDS = ['a', 'b', 'c'];
/** A store is asked again for three minutes. */
const MAX_READING_MS = 200_000;

describe('onboarding tracker', () => {
  let rig: NodeContextRig;
  beforeEach(() => (rig = new NodeContextRig()));
  afterEach(() => rig.close());

  const workOf = (more: Partial<RecordedGroup> = {}): RecordedGroup => ({
    isArray: true,
    total: IDS.length,
    sequence: 's',
    deadline: null,
    begunAt: 0,
    startedAt: '2026-11-29T00:00:00Z',
    sent: 0,
    counts: { onboarded: 0, connected: 0, failed: 0 },
    ended: '',
    ...more,
  });

  /** Records an array, as an earlier run of the node has done. */
  const record = async (key: string, work = workOf(), parts: RecordedDevice[][] = [IDS]): Promise<void> => {
    const earlier = rig.store('file');
    await earlier.create(key, { version: 2, work, large: [] }, [{ topic: key }, ...parts]);
    await earlier.close();
  };

  /** Deploys the node; no poll is answered. */
  const deploy = () => {
    const context = rig.open({ settings: () => SETTINGS }) as unknown as NodeContext<
      OnboardingSettings,
      OnboardingTracker
    >;
    mock.method(context, 'request', () => new Promise<never>(() => undefined));
    return { context, tracker: new OnboardingTracker(context) };
  };

  const start = async (): Promise<void> => {
    rig.events.emit('flows:started');
    await rig.clock.pass(400, 50);
  };

  it('onboarding tracker: devices that cannot be read after a restart are followed as soon as they can', async () => {
    await record('key');
    deploy();
    rig.failing = /#part/;
    rig.failure = new Error('down');
    await start();
    await rig.clock.pass(2000, 50);
    assert.equal(rig.shown.length, 0);
    rig.failure = undefined;
    await rig.clock.pass(4000, 50);
    assert.equal(rig.shown.at(-1), '3 …');
    assert.equal(rig.errors.length, 1);
    assertSentence(rig.errors[0]![0]);
  });

  it('onboarding tracker: an array with a damaged part ends in an error and is set aside, and another one goes on', async () => {
    await record('damaged', workOf(), [['x'], ['y', 'z']]);
    rig.kept.delete('nrfcloud_damaged#part2');
    await record('whole');
    deploy();
    await start();
    await rig.clock.pass(MAX_READING_MS, 500);
    assert.deepEqual(
      rig.begun.map(({ msg }) => msg),
      [{ topic: 'damaged', resumed: true }],
    );
    await assert.rejects(rig.begun[0]!.handler!({} as never), ({ code, message }: NrfCloudError) => {
      assert.equal(code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(message);
      return true;
    });
    await rig.begun[0]!.onEnd!();
    await rig.clock.pass(400, 50);
    const kept = await rig.store('file').read('damaged');
    assert.equal(typeof kept?.['setAside'], 'string');
    assert.equal(rig.shown.at(-1), '3 …');
    assert.equal(rig.errors.length, 1);
  });

  it('onboarding tracker: a cancel that comes before the records are loaded ends the devices that it lists', async () => {
    await record('key');
    const { tracker } = deploy();
    const cancelled = tracker.cancel({ ids: ['b'] } as never);
    await start();
    await cancelled;
    await rig.clock.pass(1, 1);
    assert.equal(rig.shown.at(-1), '2 …');
  });

  it('onboarding tracker: a cancel ends devices whose record cannot be read yet', async () => {
    await record('key');
    const { tracker } = deploy();
    rig.failing = /#part/;
    rig.failure = new Error('down');
    await start();
    await tracker.cancel({ ids: IDS } as never);
    rig.failure = undefined;
    await rig.clock.pass(2000, 50);
    assert.equal(rig.begun.length, 1);
    assert.equal(await rig.begun[0]!.handler!({ describe: () => undefined } as never), undefined);
  });
});
