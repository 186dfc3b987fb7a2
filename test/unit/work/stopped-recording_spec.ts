import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { PENDING } from '../../../nodes/runtime/node-definition';
import { CommandTracker } from '../../../nodes/work/command-tracker';
import { OnboardingTracker } from '../../../nodes/work/onboarding-tracker';
import { stopClock, type Clock } from '../../support/clock';

const SETTINGS = { until: 'onboarded', wait: true, interval: 1, maxInterval: 1, pollRate: 1000, timeout: 60 };
const PENDING_MESSAGE = { key: 'k', record: {} };

describe('a message that is being recorded when its flow is stopped', () => {
  let clock: Clock;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  for (const [what, begin] of [
    [
      'command tracker',
      (context, task) => new CommandTracker(context).run({ deviceId: 'd', definition: { request: {} } }, task),
    ],
    [
      'onboarding tracker',
      (context, task) => {
        const devices = { isArray: false, ids: ['d'], onboardedIds: [undefined], lines: [undefined] };
        return new OnboardingTracker(context).begin(devices as never, task, undefined, true);
      },
    ],
  ] as [string, (context: never, task: never) => Promise<unknown>][]) {
    it(`${what}: the closed node neither polls nor saves its clock`, async () => {
      const afterStop: string[] = [];
      const closing = new AbortController();
      const context = {
        signal: closing.signal,
        settings: () => SETTINGS,
        records: { loaded: () => Promise.resolve() },
        store: { update: (key: string) => Promise.resolve(afterStop.push(key) > 0) },
        request: () => {
          afterStop.push('request');
          return new Promise<never>(() => undefined);
        },
        onRecords: () => undefined,
        setPendingText: () => undefined,
      };
      let recorded = (): void => undefined;
      const recording = new Promise<object>((resolve) => (recorded = () => resolve(PENDING_MESSAGE)));
      const task = {
        settings: SETTINGS,
        api: {
          checkConfigured: () => undefined,
          inOrder: (_operation: string, _key: string, work: () => Promise<unknown>) => work(),
          send: () => Promise.resolve({ statusCode: 201, body: { id: 'c' } }),
        },
        recordWork: () => Promise.resolve(),
        holdWork: () => recording,
        hold: () => recording,
      };
      const begun = begin(context as never, task as never);
      await setImmediate();
      closing.abort();
      recorded();
      assert.equal(await begun, PENDING);
      await clock.pass(120_000, 1000);
      assert.deepEqual(afterStop, []);
    });
  }
});
