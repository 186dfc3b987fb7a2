import assert from 'node:assert/strict';
import { FollowedDevice, type DeviceGroup } from '../../../nodes/operations/followed-device';
import { OnboardingSchedule } from '../../../nodes/operations/onboarding-schedule';
import { stopClock, type Clock } from '../../support/clock';

type Device = FollowedDevice<DeviceGroup>;

describe('OnboardingSchedule', () => {
  let clock: Clock;
  let schedule: OnboardingSchedule<DeviceGroup>;
  let settings = { interval: 1, maxInterval: 4 };
  let batchSize: number;
  /** What was begun, with its devices, and how to end it. */
  let begun: string[];
  let ends: (() => void)[];
  let isLong: boolean;
  let errors: unknown[];

  beforeEach(() => {
    clock = stopClock();
    settings = { interval: 1, maxInterval: 4 };
    batchSize = 3;
    begun = [];
    ends = [];
    isLong = false;
    errors = [];
    const begin = (work: string, devices: Device[]): Promise<void> => {
      begun.push(`${work} ${devices.map(({ id }) => id).join('')}`);
      return isLong ? new Promise((resolve) => ends.push(resolve)) : Promise.resolve();
    };
    schedule = new OnboardingSchedule({
      settings: () => settings,
      now: () => clock.now,
      batchSize: () => batchSize,
      poll: (devices) => begin('poll', devices),
      check: (device) => begin('check', [device]),
      conclude: (device) => begin('last', [device]),
      onError: (error) => errors.push(error),
    });
  });
  afterEach(() => {
    schedule.close();
    clock.restore();
  });

  const device = (id: string, deadline: number | null = null): Device => {
    const made = new FollowedDevice<DeviceGroup>(id, id);
    made.add({ group: { deadline, wasClaimed: () => false }, index: 0 });
    return made;
  };
  const devices = (ids: string): Device[] => Array.from(ids, (id) => device(id));
  /** Runs all that may run now, and gives it. */
  const run = async (ms = 1): Promise<string[]> => {
    const before = begun.length;
    await clock.pass(ms, Math.max(1, ms / 10));
    return begun.slice(before);
  };
  const endAll = (): void => {
    for (const end of ends.splice(0)) end();
  };

  it('OnboardingSchedule: the interval grows by half with each poll, to the largest', () => {
    const intervals = [0, 1, 2, 3, 4, 5, 100_000].map((polls) =>
      schedule.intervalMs(Object.assign(device('a'), { polls })),
    );
    assert.deepEqual(intervals, [1000, 1000, 1500, 2250, 3375, 4000, 4000]);
    settings = { interval: 5, maxInterval: 2 };
    assert.equal(schedule.intervalMs(device('a')), 5000);
  });

  it('OnboardingSchedule: devices are polled when they are due, and those that are due together in batches', async () => {
    for (const one of devices('abcd')) schedule.add(one, 5);
    schedule.add(device('e'), 300);
    assert.deepEqual(await run(4), []);
    const [first, second] = await run(1);
    assert.deepEqual([first!.length, second!.length], ['poll abc'.length, 'poll d'.length]);
    assert.deepEqual(await run(294), []);
    assert.deepEqual(await run(1), ['poll e']);
  });

  it('OnboardingSchedule: an earlier device is polled before a later one, whichever was added first', async () => {
    schedule.add(device('a'), 2000);
    schedule.add(device('b'), 500);
    schedule.add(device('c'), -10);
    assert.deepEqual(await run(1), ['poll c']);
    assert.deepEqual(await run(499), ['poll b']);
    assert.deepEqual(await run(1500), ['poll a']);
  });

  it('OnboardingSchedule: a device that is due within a quarter of its interval shares a batch', async () => {
    settings = { interval: 1, maxInterval: 1 };
    schedule.add(device('a'), 10);
    schedule.add(device('b'), 260);
    schedule.add(device('c'), 261);
    assert.deepEqual(await run(10), ['poll ab']);
    assert.deepEqual(await run(250), []);
    assert.deepEqual(await run(1), ['poll c']);
  });

  it('OnboardingSchedule: a device whose own interval is short is not polled early', async () => {
    schedule.add(device('a'), 10);
    schedule.add(device('b'), 300);
    schedule.add(Object.assign(device('c'), { polls: 5 }), 1290);
    assert.deepEqual(await run(10), ['poll a']);
    assert.deepEqual(await run(289), []);
    assert.deepEqual(await run(1), ['poll bc']);
  });

  it('OnboardingSchedule: no more devices are taken early than the batch holds', async () => {
    batchSize = 2;
    schedule.add(device('a'), 10);
    schedule.add(device('b'), 20);
    schedule.add(device('c'), 30);
    assert.deepEqual(await run(10), ['poll ab']);
    assert.deepEqual(await run(19), []);
    assert.deepEqual(await run(1), ['poll c']);
  });

  it('OnboardingSchedule: a whole batch takes nobody early', async () => {
    batchSize = 1;
    schedule.add(device('a'), 10);
    schedule.add(device('b'), 20);
    assert.deepEqual(await run(10), ['poll a']);
    assert.deepEqual(await run(10), ['poll b']);
  });

  it('OnboardingSchedule: a device whose time was changed is polled at the new time only', async () => {
    const [a] = devices('a') as [Device];
    schedule.add(a, 5);
    schedule.add(a, 20);
    assert.deepEqual(await run(19), []);
    assert.deepEqual(await run(30), ['poll a']);
    schedule.add(a, 20);
    schedule.add(a, 5);
    assert.deepEqual(await run(5), ['poll a']);
    assert.deepEqual(await run(50), []);
  });

  it('OnboardingSchedule: devices that nobody follows any more are left out', async () => {
    const [a, b, c, d] = devices('abcd') as [Device, Device, Device, Device];
    schedule.add(a, 1);
    schedule.add(b, 1);
    schedule.addSingle(c);
    schedule.addCheck(d);
    for (const one of [a, c, d]) one.remove(() => true);
    assert.deepEqual(await run(5), ['poll b']);
  });

  it('OnboardingSchedule: devices that end while they wait for their turn are left out', async () => {
    isLong = true;
    batchSize = 1;
    for (const one of devices('12345678')) schedule.addSingle(one);
    const [a, b, c] = devices('abc') as [Device, Device, Device];
    await run();
    assert.equal(begun.length, 8);
    schedule.add(a, 0);
    schedule.addSingle(b);
    schedule.addCheck(c);
    for (const one of [a, b, c]) one.remove(() => true);
    endAll();
    assert.deepEqual(await run(3), []);
  });

  it('OnboardingSchedule: devices that end while they wait for a poll are left out', async () => {
    isLong = true;
    batchSize = 1;
    const all = devices('abcdefghijk');
    for (const one of all) schedule.add(one, 0);
    assert.equal((await run()).length, 8);
    const waiting = all.filter(({ id }) => !begun.includes(`poll ${id}`));
    assert.equal(waiting.length, 3);
    for (const one of waiting.slice(0, 2)) one.remove(() => true);
    endAll();
    assert.deepEqual(await run(3), [`poll ${waiting[2]!.id}`]);
    endAll();
    waiting[2]!.remove(() => true);
    assert.deepEqual(await run(3), []);
  });

  it('OnboardingSchedule: a device that waits for a single look-up is not polled', async () => {
    isLong = true;
    batchSize = 1;
    for (const one of devices('12345678')) schedule.addSingle(one);
    await run();
    const [a] = devices('a') as [Device];
    schedule.addSingle(a);
    schedule.add(a, 0);
    endAll();
    assert.deepEqual(await run(3), ['poll a']);
  });

  it('OnboardingSchedule: a device whose deadline is over gets its last look, alone', async () => {
    schedule.add(device('a', 10), 10);
    schedule.add(device('b', 11), 10);
    schedule.add(device('c', 5), 10);
    assert.deepEqual((await run(10)).sort(), ['last a', 'last c', 'poll b']);
  });

  it('OnboardingSchedule: a check is asked for once, and never by itself', async () => {
    const [a] = devices('a') as [Device];
    schedule.addCheck(a);
    assert.equal(a.checkAt, Infinity);
    assert.deepEqual(await run(5), ['check a']);
  });

  it('OnboardingSchedule: at most eight pieces of work run at once, and the next begins as one ends', async () => {
    isLong = true;
    batchSize = 1;
    for (const one of devices('abcdefghij')) schedule.add(one, 0);
    assert.equal((await run()).length, 8);
    schedule.addSingle(device('k'));
    assert.deepEqual(await run(5), []);
    ends.shift()!();
    assert.equal((await run()).length, 1);
    endAll();
    assert.equal((await run()).length, 2);
  });

  it('OnboardingSchedule: all kinds of work take turns', async () => {
    isLong = true;
    batchSize = 1;
    for (let i = 0; i < 8; i++) schedule.addSingle(device('x'));
    await run();
    for (let i = 0; i < 4; i++) {
      schedule.add(device('p'), 0);
      schedule.add(device('l', 0), 0);
      schedule.addSingle(device('s'));
      schedule.addCheck(device('c'));
    }
    const order: string[] = [];
    while (ends.length > 0) {
      ends.shift()!();
      order.push(...(await run()));
    }
    const kinds = order.map((work) => work.split(' ')[1]).join('');
    assert.match(kinds.slice(0, 8), /^(?=.*p.*p.*p)(?=.*l.*l)(?=.*s.*s)(?=.*c)/);
    assert.equal(kinds.length, 16);
  });

  it('OnboardingSchedule: work that fails is reported, and the rest goes on', async () => {
    const failing = new OnboardingSchedule<DeviceGroup>({
      settings: () => settings,
      now: () => clock.now,
      batchSize: () => 1,
      poll: ([one]) => {
        begun.push(one!.id);
        return Promise.reject(new Error(one!.id));
      },
      check: () => Promise.resolve(),
      conclude: () => Promise.resolve(),
      onError: (error) => errors.push((error as Error).message),
    });
    for (const one of devices('abcdefghijkl')) failing.add(one, 0);
    await run(3);
    assert.deepEqual([begun.length, errors], [12, begun]);
  });

  it('OnboardingSchedule: what it does for a poll does not grow with the number of polls', async () => {
    let looks = 0;
    const counted = new OnboardingSchedule<DeviceGroup>({
      settings: () => settings,
      now: () => clock.now,
      batchSize: () => {
        looks++;
        return 1;
      },
      poll: async (polled) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        for (const one of polled) counted.add(one, 10);
      },
      check: () => Promise.resolve(),
      conclude: () => Promise.resolve(),
      onError: (error) => errors.push(error),
    });
    for (const [index, one] of devices('abc').entries()) counted.add(one, 3 * index);
    await clock.pass(60);
    const early = looks;
    looks = 0;
    await clock.pass(60);
    counted.close();
    assert.ok(looks <= 1.5 * early, `${looks} looks at the queues instead of ${early}`);
  });

  it('OnboardingSchedule: nothing begins after it was closed', async () => {
    isLong = true;
    schedule.addSingle(device('a'));
    await run();
    schedule.addSingle(device('b'));
    schedule.add(device('c'), 10);
    schedule.close();
    schedule.addSingle(device('d'));
    endAll();
    assert.deepEqual(await run(50), []);
  });
});
