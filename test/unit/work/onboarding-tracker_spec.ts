import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { Api } from '../../../nodes/api/api';
import type { NrfCloudError } from '../../../nodes/api/errors';
import type { ApiRequest, ApiResponse } from '../../../nodes/api/request';
import type { NodeContext } from '../../../nodes/runtime/node-context';
import type { Result } from '../../../nodes/runtime/output';
import { Abort } from '../../../nodes/util/abort';
import type { RecordedDevice, RecordedGroup } from '../../../nodes/work/onboarding-group';
import { OnboardingTracker, type OnboardingSettings } from '../../../nodes/work/onboarding-tracker';
import { NodeContextRig } from '../../support/node-context-rig';
import { assertSentence } from '../../support/sentences';
import { recordedGroup } from '../../support/recorded-group';

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

  const workOf = (more: Partial<RecordedGroup> = {}): RecordedGroup => recordedGroup({ total: IDS.length, ...more });

  /** Records an array, as an earlier run of the node has done. */
  const record = async (key: string, work = workOf(), parts: RecordedDevice[][] = [IDS]): Promise<void> => {
    const earlier = rig.store('file');
    await earlier.create(key, { version: 2, work, large: [] }, [{ topic: key }, ...parts]);
    await earlier.close();
  };

  /** Deploys the node. @param request answers its polls; without it, none is answered */
  const deploy = (request: object = () => new Promise<never>(() => undefined)) => {
    const context = rig.open({ settings: () => SETTINGS }) as unknown as NodeContext<
      OnboardingSettings,
      OnboardingTracker
    >;
    mock.method(context, 'request', request as never);
    return { context, tracker: new OnboardingTracker(context) };
  };

  /** Answers each poll: all its devices are onboarded. */
  const onboardAll = (_signal: unknown, work: (api: Api) => Promise<unknown>): Promise<unknown> => {
    const send = <T>(_operation: string, { id, query, parse }: ApiRequest<T>): Promise<ApiResponse<T>> => {
      const ids = query?.get('deviceIds')?.split(',') ?? [];
      const body = id === undefined ? ids.map((each) => ({ id: each })) : { id };
      return Promise.resolve({ statusCode: 200, body: parse(body, 200) });
    };
    return work({ send } as unknown as Api);
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

  it('onboarding tracker: devices that an earlier run cancelled are not in the progress', async () => {
    await record('key', workOf({ ended: Buffer.of(1).toString('base64') }));
    deploy(onboardAll);
    await start();
    await rig.clock.pass(2000, 50);
    const emitted: Result[] = [];
    const emit = (result: Result): Promise<void> => Promise.resolve(void emitted.push(result));
    const ending = rig.begun[0]!.handler!({ emit, signal: new Abort() } as never);
    await rig.clock.pass(2000, 50);
    const last = await ending;
    assert.equal(emitted.length, 1);
    assert.deepEqual((last as Result).payload, {
      total: 2,
      waiting: 0,
      onboarded: 2,
      connected: 0,
      failed: 0,
      complete: true,
    });
  });

  it('onboarding tracker: arrays without devices are reported at most once a second', async () => {
    const { tracker } = deploy();
    await start();
    const reportedAt: number[] = [];
    const begin = async (): Promise<void> => {
      const api = { checkConfigured: () => undefined };
      const task = { api, settings: SETTINGS, signal: new Abort() };
      const devices = { isArray: true, ids: [], onboardedIds: [], lines: [] };
      const result = await tracker.begin(devices, task as never, undefined, false);
      assert.equal((result as Result).port, 2);
      reportedAt.push(rig.clock.now);
    };
    const all = [begin(), begin(), begin()];
    await rig.clock.pass(2500, 10);
    await Promise.all(all);
    const [first, second, third] = reportedAt as [number, number, number];
    assert.ok(second - first >= 1000 && third - second >= 1000, reportedAt.join(', '));
  });
});
