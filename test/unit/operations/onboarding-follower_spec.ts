import assert from 'node:assert/strict';
import { FollowerRig, followerOf, serviceError } from '../../support/follower-rig';

const connected = { state: { reported: {} } };
const MINUTE = 60_000;

describe('OnboardingFollower', () => {
  let rig: FollowerRig;
  beforeEach(() => (rig = new FollowerRig()));
  afterEach(() => rig.stop());
  const onboard = (id: string, more: object = {}): void => void rig.onboarded.set(id, { id, ...more });
  const pollTimes = (): number[] => rig.times.filter((_, index) => rig.requests[index] === 'get onboarded device a');

  it('OnboardingFollower: a device that is onboarded ends for all that follow it, with one request', async () => {
    onboard('a', { name: 'box' });
    rig.follow('a a');
    await rig.clock.pass(5);
    const end = { isOnboarded: true, isConnected: false, body: { id: 'a', name: 'box' }, statusCode: 200 };
    assert.deepEqual(rig.ends, [['a', [0, 1], end]]);
    assert.deepEqual(rig.requests, ['get onboarded device a']);
    assert.equal(rig.follower.size, 0);
    await rig.clock.pass(1000, 50);
    assert.equal(rig.requests.length, 1);
  });

  it('OnboardingFollower: a device is polled in intervals that grow, and checked now and then, until it is onboarded', async () => {
    rig.follow('a');
    await rig.clock.pass(800, 5);
    const gaps = pollTimes().map((time, index, all) => time - (all[index - 1] ?? 0));
    assert.equal(gaps.length, 4);
    for (const [index, least] of [0, 100, 150, 225].entries()) {
      assert.ok(gaps[index]! >= least && gaps[index]! < least + 15, `${index}: ${gaps.join(', ')}`);
    }
    assert.equal(rig.requestsOf('get device').length, 2);
    onboard('a', connected);
    await rig.clock.pass(400, 5);
    assert.deepEqual(
      rig.ends.map(([, , end]) => [end.isOnboarded, 'isConnected' in end && end.isConnected]),
      [[true, true]],
    );
    assert.deepEqual([rig.troubles, rig.failures], [[false], []]);
  });

  it('OnboardingFollower: the first poll waits, but not beyond the deadline', async () => {
    rig.follower.follow('a', 'a', followerOf(0, 30), 80);
    rig.follower.follow('b', 'b', followerOf(1), 60);
    await rig.clock.pass(70);
    assert.deepEqual(rig.times.slice(0, 1), [30]);
    assert.ok(rig.requests.indexOf('get onboarded device b') > 0);
    assert.ok(rig.times[rig.requests.indexOf('get onboarded device b')]! >= 60);
  });

  it('OnboardingFollower: a device is looked up by its id in device management, and cancelled by its UUID', async () => {
    rig.follower.follow('u', 'u', followerOf(0), 0);
    rig.follower.follow('u', 'other', followerOf(1), 0);
    rig.follower.follow('u', 'third', followerOf(2), 0);
    rig.follower.follow('v', 'w', followerOf(3), 0);
    assert.equal(rig.follower.size, 4);
    await rig.clock.pass(3);
    assert.deepEqual(rig.requestsOf('list onboarded devices '), ['list onboarded devices other,third,u,w']);
    const cancelled = rig.follower.cancel('u', ({ index }) => index !== 2);
    assert.deepEqual(
      cancelled.map(({ index }) => index),
      [0, 1],
    );
    assert.equal(rig.follower.size, 2);
    assert.deepEqual(
      rig.follower.cancel('u').map(({ index }) => index),
      [2],
    );
    assert.deepEqual(rig.follower.cancel('u'), []);
    assert.equal(rig.follower.size, 1);
  });

  it('OnboardingFollower: a device with another id in device management is cancelled by its UUID', () => {
    rig.follower.follow('v', 'w', followerOf(3), 0);
    assert.deepEqual(rig.follower.cancel('x'), []);
    assert.deepEqual(
      rig.follower.cancel('v').map(({ index }) => index),
      [3],
    );
  });

  it('OnboardingFollower: one id in device management may belong to two devices', () => {
    rig.follower.follow('u', 'x', followerOf(0), 0);
    rig.follower.follow('v', 'x', followerOf(1), 0);
    rig.follower.follow('v', 'y', followerOf(2), 0);
    assert.equal(rig.follower.size, 3);
  });

  it('OnboardingFollower: nothing is requested after clear or close', async () => {
    rig.follow('a b');
    rig.follower.clear();
    assert.equal(rig.follower.size, 0);
    await rig.clock.pass(20);
    rig.follow('c d');
    rig.follower.close();
    assert.equal(rig.follower.size, 0);
    await rig.clock.pass(20);
    assert.deepEqual(rig.requests, []);
  });

  it('OnboardingFollower: a round takes a request per device, until batches are known to work', async () => {
    rig.settings = { ...rig.settings, pollRate: 2 };
    onboard('a');
    rig.follow('a b c d e');
    assert.equal(rig.follower.secondsPerRound, 2.5);
    await rig.clock.pass(1200, 10);
    assert.equal(rig.follower.secondsPerRound, 0.5);
  });

  it('OnboardingFollower: several devices are looked up in one batch, with any other that is onboarded', async () => {
    onboard('other');
    rig.follow('a B c');
    onboard('B');
    await rig.clock.pass(5);
    assert.deepEqual(rig.requests.slice(0, 2), ['list onboarded devices', 'list onboarded devices B,a,c,other']);
    assert.deepEqual(
      rig.ends.map(([id]) => id),
      ['B'],
    );
    await rig.clock.pass(90);
    assert.equal(rig.requestsOf('get onboarded device').length, 0);
    await rig.clock.pass(20);
    assert.deepEqual(rig.requestsOf('list onboarded devices ').at(-1), 'list onboarded devices a,c,other');
    assert.equal(rig.requestsOf('list onboarded devices').length, 3);
  });

  it('OnboardingFollower: devices are looked up singly after a batch that proves nothing', async () => {
    rig.follow('a b');
    await rig.clock.pass(8);
    assert.deepEqual(rig.requests.slice(0, 2), ['list onboarded devices', 'list onboarded devices a,b']);
    assert.deepEqual(rig.requestsOf('get onboarded device').sort(), [
      'get onboarded device a',
      'get onboarded device b',
    ]);
    await rig.clock.pass(150, 5);
    assert.equal(rig.requests.filter((request) => request === 'list onboarded devices').length, 1);
    assert.equal(rig.requestsOf('list onboarded devices a,b').length, 2);
  });

  it('OnboardingFollower: a batch that fails is repeated after the interval', async () => {
    rig.errors.set('list onboarded devices', serviceError('NRFCLOUD_UNAVAILABLE'));
    rig.follow('a b');
    await rig.clock.pass(50);
    assert.deepEqual(rig.requests, ['list onboarded devices', 'list onboarded devices a,b']);
    assert.deepEqual(rig.troubles, [true]);
    rig.errors.clear();
    onboard('a');
    await rig.clock.pass(60);
    assert.deepEqual([rig.ends.map(([id]) => id), rig.troubles, rig.failures], [['a'], [true, false], []]);
  });

  it('OnboardingFollower: a poll that fails is repeated after the interval', async () => {
    rig.errors.set('get onboarded device', serviceError('NRFCLOUD_UNAVAILABLE'));
    rig.follow('a');
    await rig.clock.pass(50);
    assert.deepEqual([rig.requests, rig.ends, rig.troubles], [['get onboarded device a'], [], [true]]);
    rig.errors.clear();
    onboard('a');
    await rig.clock.pass(60);
    assert.deepEqual([rig.ends.length, rig.troubles, rig.failures], [1, [true, false], []]);
  });

  it('OnboardingFollower: the key may be refused for five minutes', async () => {
    rig.errors.set('get onboarded device', serviceError('NRFCLOUD_UNAUTHORIZED', 401));
    rig.follow('a');
    await rig.clock.pass(5);
    rig.ahead = 4 * MINUTE;
    await rig.clock.pass(105);
    assert.deepEqual([rig.requests.length, rig.failures], [2, []]);
    rig.ahead = 5 * MINUTE;
    await rig.clock.pass(155);
    assert.ok(rig.failures.length > 0);
  });

  it('OnboardingFollower: a success between refusals of the key ends the five minutes', async () => {
    const refused = serviceError('NRFCLOUD_UNAUTHORIZED', 401);
    rig.errors.set('get onboarded device', refused);
    rig.follow('a');
    await rig.clock.pass(5);
    rig.errors.clear();
    await rig.clock.pass(105);
    rig.errors.set('get onboarded device', refused);
    rig.ahead = 6 * MINUTE;
    await rig.clock.pass(200);
    assert.deepEqual([rig.failures, rig.troubles], [[], [true, false, true]]);
  });

  for (const [how, end] of [
    ['is cancelled', () => rig.follower.cancel('a')],
    ['is forgotten', () => rig.follower.clear()],
  ] as const) {
    it(`OnboardingFollower: a refusal of the key counts no more when the last device ${how}`, async () => {
      rig.errors.set('get onboarded device', serviceError('NRFCLOUD_UNAUTHORIZED', 401));
      rig.follow('a');
      await rig.clock.pass(5);
      end();
      assert.deepEqual(rig.troubles, [true, false]);
      rig.ahead = 10 * MINUTE;
      rig.follow('b');
      await rig.clock.pass(110);
      assert.deepEqual([rig.requestsOf('get onboarded device').length, rig.failures], [2, []]);
    });
  }

  it('OnboardingFollower: a poll that fails after the last device was cancelled is no trouble', async () => {
    rig.errors.set('get onboarded device', serviceError('NRFCLOUD_UNAUTHORIZED', 401));
    rig.before.set('get onboarded device', () => void rig.follower.cancel('a'));
    rig.follow('a');
    await rig.clock.pass(5);
    assert.deepEqual([rig.requests.length, rig.troubles.at(-1)], [1, false]);
    rig.before.clear();
    rig.ahead = 10 * MINUTE;
    rig.follow('b');
    await rig.clock.pass(5);
    assert.deepEqual([rig.requests.length, rig.failures], [2, []]);
  });

  it('OnboardingFollower: a defect is a failure at once, in a poll and in a check', async () => {
    rig.errors.set('get device', new TypeError('a defect of the check'));
    rig.follow('a');
    await rig.clock.pass(5);
    assert.deepEqual(rig.failures, ['a defect of the check']);
    rig.errors.set('get onboarded device', new TypeError('a defect of the poll'));
    await rig.clock.pass(110);
    assert.ok(rig.failures.includes('a defect of the poll'));
  });

  it('OnboardingFollower: what fails or ends after the node was stopped is not reported', async () => {
    onboard('b');
    rig.before.set('get onboarded device', () => rig.signal.abort());
    rig.errors.set('get onboarded device', new TypeError('a defect'));
    rig.follow('a');
    await rig.clock.pass(200);
    assert.deepEqual([rig.requests, rig.failures, rig.troubles, rig.ends], [['get onboarded device a'], [], [], []]);
  });

  it('OnboardingFollower: a result that comes after the node was stopped is none', async () => {
    onboard('a');
    rig.before.set('get onboarded device', () => rig.signal.abort());
    rig.follow('a');
    await rig.clock.pass(5);
    assert.deepEqual([rig.requests.length, rig.ends], [1, []]);
  });

  it('OnboardingFollower: a device that is cancelled during its poll does not end', async () => {
    onboard('a');
    rig.before.set('get onboarded device', () => void rig.follower.cancel('a'));
    rig.follow('a');
    await rig.clock.pass(5);
    assert.deepEqual([rig.requests.length, rig.ends], [1, []]);
  });

  it('OnboardingFollower: requests keep to the rate', async () => {
    rig.settings = { ...rig.settings, pollRate: 50 };
    rig.follow('a b c');
    await rig.clock.pass(90);
    assert.ok(rig.times.length >= 4 && rig.times.length <= 5, rig.times.join(', '));
  });

  describe('until a device is connected', () => {
    beforeEach(() => (rig.settings = { ...rig.settings, until: 'connected' }));

    it('OnboardingFollower: a device that is onboarded is counted, and followed on until it has reported state', async () => {
      onboard('a');
      rig.follow('a a');
      await rig.clock.pass(5);
      rig.follow('a');
      assert.deepEqual([rig.ends, rig.follower.onboardedFollowers, rig.changes], [[], 3, 1]);
      rig.follow('b');
      assert.equal(rig.follower.onboardedFollowers, 3);
      assert.equal(rig.follower.cancel('a', ({ index }) => index === 1).length, 1);
      assert.equal(rig.follower.cancel('b').length, 1);
      assert.equal(rig.follower.onboardedFollowers, 2);
      onboard('a', connected);
      await rig.clock.pass(110);
      assert.deepEqual(rig.ends, [
        ['a', [0, 0], { isOnboarded: true, isConnected: true, body: { id: 'a', ...connected }, statusCode: 200 }],
      ]);
      assert.deepEqual([rig.follower.onboardedFollowers, rig.follower.size], [0, 0]);
    });

    it('OnboardingFollower: a device that disappears again is not counted any more', async () => {
      onboard('a');
      rig.follow('a a');
      await rig.clock.pass(5);
      rig.onboarded.clear();
      await rig.clock.pass(110);
      assert.deepEqual([rig.follower.onboardedFollowers, rig.changes, rig.ends], [0, 2, []]);
      await rig.clock.pass(160, 5);
      assert.deepEqual([rig.follower.onboardedFollowers, rig.changes], [0, 2]);
    });

    it('OnboardingFollower: clear forgets the number of onboarded devices', async () => {
      onboard('a');
      rig.follow('a');
      await rig.clock.pass(5);
      rig.follower.clear();
      assert.equal(rig.follower.onboardedFollowers, 0);
    });

    it('OnboardingFollower: batches request the state, and a device without it is looked up singly', async () => {
      onboard('a');
      onboard('b', { state: {} });
      onboard('c', connected);
      rig.follow('a b c');
      await rig.clock.pass(6);
      assert.ok(rig.requests.includes('list onboarded devices a,b,c with state'));
      assert.deepEqual(rig.requestsOf('get onboarded device'), ['get onboarded device a']);
      assert.deepEqual([rig.ends.map(([id]) => id), rig.follower.onboardedFollowers], [['c'], 2]);
    });
  });

  it('OnboardingFollower: batches do not request the state if it is not needed', async () => {
    onboard('a');
    rig.follow('a b');
    await rig.clock.pass(6);
    assert.ok(rig.requests.includes('list onboarded devices a,b'));
    assert.deepEqual(
      rig.ends.map(([id]) => id),
      ['a'],
    );
  });
});
