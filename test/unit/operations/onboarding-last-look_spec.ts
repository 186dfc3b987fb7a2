import assert from 'node:assert/strict';
import { UNCLAIMED } from '../../../nodes/operations/onboarding-diagnosis';
import { FollowerRig, followerOf, serviceError } from '../../support/follower-rig';

const MINUTE = 60_000;
const DEADLINE = 40;
const connected = { state: { reported: {} } };

describe('OnboardingFollower', () => {
  let rig: FollowerRig;
  beforeEach(() => (rig = new FollowerRig()));
  afterEach(() => rig.stop());
  const onboard = (id: string, more: object = {}): void => void rig.onboarded.set(id, { id, ...more });
  const stages = (): unknown[] => rig.ends.map(([id, followers, end]) => [id, followers, 'stage' in end && end.stage]);

  describe('the deadline', () => {
    it('OnboardingFollower: at its deadline, a device is looked up once more and diagnosed', async () => {
      rig.follow('a', DEADLINE);
      await rig.clock.pass(DEADLINE - 1);
      const polls = rig.requests.length;
      await rig.clock.pass(7);
      assert.deepEqual(rig.requests.slice(polls), ['get onboarded device a', 'get device a', 'list rules']);
      assert.deepEqual(stages(), [['a', [0], 'waiting']]);
      const { isOnboarded, statusCode } = rig.ends[0]![2];
      assert.deepEqual([isOnboarded, statusCode, rig.follower.size], [false, 404, 0]);
    });

    it('OnboardingFollower: it ends only the followers whose time is over, and the others go on', async () => {
      rig.follow('a', DEADLINE);
      rig.follower.follow('a', 'a', followerOf(1, 2 * DEADLINE), 0);
      rig.follower.follow('a', 'a', followerOf(2), 0);
      await rig.clock.pass(50);
      assert.deepEqual(stages(), [['a', [0], 'waiting']]);
      await rig.clock.pass(40);
      assert.deepEqual(stages().slice(1), [['a', [1], 'waiting']]);
      onboard('a');
      await rig.clock.pass(400, 5);
      assert.deepEqual(stages().slice(2), [['a', [2], false]]);
    });

    it('OnboardingFollower: last looks that failed for one message do not count for the next one', async () => {
      rig.follow('a', DEADLINE);
      const next = 10 * MINUTE;
      rig.follower.follow('a', 'a', followerOf(1, next), 0);
      rig.errors.set('get onboarded device', serviceError('NRFCLOUD_UNAVAILABLE'));
      await rig.clock.pass(2000, 10);
      assert.deepEqual(stages(), [['a', [0], 'waiting']]);
      const looks = (): number => rig.requestsOf('get onboarded device').length;
      await rig.clock.pass(next - rig.clock.now - 1, 100);
      const before = looks();
      await rig.clock.pass(200, 10);
      assert.deepEqual([stages().length, looks() - before], [1, 1]);
    });

    it('OnboardingFollower: a device that the last look finds ends for all', async () => {
      rig.follow('a', DEADLINE);
      rig.follower.follow('a', 'a', followerOf(1), 0);
      await rig.clock.pass(DEADLINE - 1);
      onboard('a');
      await rig.clock.pass(5);
      const end = { isOnboarded: true, isConnected: false, body: { id: 'a' }, statusCode: 200 };
      assert.deepEqual(rig.ends, [['a', [0, 1], end]]);
    });

    it('OnboardingFollower: a device that is onboarded but not connected ends with that', async () => {
      rig.settings = { ...rig.settings, until: 'connected' };
      onboard('a');
      rig.follow('a', DEADLINE);
      rig.follower.follow('a', 'a', followerOf(1), 0);
      await rig.clock.pass(50);
      assert.deepEqual(stages(), [['a', [0], 'onboarded']]);
      assert.deepEqual([rig.ends[0]![2].isOnboarded, rig.ends[0]![2].statusCode], [false, 200]);
      assert.deepEqual([rig.follower.onboardedFollowers, rig.follower.size], [1, 1]);
    });

    it('OnboardingFollower: a device that is connected in time ends so', async () => {
      rig.settings = { ...rig.settings, until: 'connected' };
      rig.follow('a', DEADLINE);
      await rig.clock.pass(DEADLINE - 1);
      onboard('a', connected);
      await rig.clock.pass(5);
      const end = { isOnboarded: true, isConnected: true, body: { id: 'a', ...connected }, statusCode: 200 };
      assert.deepEqual(rig.ends, [['a', [0], end]]);
    });

    it('OnboardingFollower: batches believe in a device that only a last look has found', async () => {
      rig.follow('a', DEADLINE);
      await rig.clock.pass(DEADLINE - 1);
      onboard('a');
      await rig.clock.pass(5);
      rig.follow('b c');
      await rig.clock.pass(5);
      assert.equal(rig.requestsOf('list onboarded devices').at(-1), 'list onboarded devices a,b,c');
    });

    it('OnboardingFollower: a last look that fails is repeated twice, each after the interval', async () => {
      rig.errors.set('get onboarded device', serviceError('NRFCLOUD_UNAVAILABLE', 503));
      rig.follow('a', 0);
      await rig.clock.pass(90);
      assert.deepEqual([rig.requests.length, rig.troubles], [1, [true]]);
      await rig.clock.pass(160);
      assert.equal(rig.requests.length, 2);
      assert.equal(rig.ends.length, 0);
      await rig.clock.pass(100);
      assert.equal(rig.requests.length, 3);
      assert.deepEqual(stages(), [['a', [0], 'waiting']]);
      assert.deepEqual([rig.ends[0]![2].isOnboarded, rig.ends[0]![2].statusCode], [false, 503]);
    });

    it('OnboardingFollower: a last look waits as long as there is no connection', async () => {
      rig.errors.set('get onboarded device', serviceError('NRFCLOUD_NOT_CONFIGURED'));
      rig.follow('a', 0);
      await rig.clock.pass(3000, 50);
      assert.ok(rig.requests.length > 4);
      assert.deepEqual(rig.ends, []);
    });

    it('OnboardingFollower: the rules are read once a minute for all devices', async () => {
      rig.follow('a b', 10);
      await rig.clock.pass(30);
      rig.ahead = MINUTE - 50;
      rig.follow('c', 10);
      await rig.clock.pass(5);
      assert.deepEqual([rig.ends.length, rig.requestsOf('list rules').length], [3, 1]);
      rig.ahead = MINUTE;
      rig.follow('d', 10);
      await rig.clock.pass(10);
      assert.deepEqual([rig.ends.length, rig.requestsOf('list rules').length], [4, 2]);
    });
  });

  describe('a check', () => {
    const failedCommand = { id: 'c', status: 'FAILED', response: 'no key' };

    it('OnboardingFollower: a device that was seen claimed is reported once', async () => {
      rig.claimed.set('a', { id: 'a' });
      rig.follow('a a');
      rig.follow('b');
      await rig.clock.pass(800, 5);
      assert.deepEqual(rig.claims, [[0, 1]]);
      assert.ok(rig.requestsOf('get device a').length > 1);
      assert.ok(rig.requestsOf('get device a').length < rig.requestsOf('get onboarded device a').length);
    });

    it('OnboardingFollower: all messages about a device learn that it was seen claimed, whichever comes first', async () => {
      rig.claimed.set('a', { id: 'a' });
      rig.follow('a');
      await rig.clock.pass(5);
      rig.follower.follow('a', 'a', followerOf(1), 0);
      assert.deepEqual(rig.claims, [[0], [1]]);
      rig.follower.follow('b', 'b', followerOf(2), 0);
      rig.follower.follow('b', 'b', followerOf(3, null, true), 0);
      assert.deepEqual(rig.claims.slice(2), [[2]]);
    });

    it('OnboardingFollower: a device with a failed command ends, if it is not onboarded all the same', async () => {
      rig.claimed.set('a', { id: 'a' });
      rig.commands = [failedCommand];
      rig.follow('a');
      await rig.clock.pass(10);
      assert.deepEqual(stages(), [['a', [0], 'failed']]);
      assert.deepEqual([rig.ends[0]![2].isOnboarded, rig.ends[0]![2].statusCode], [false, 404]);
      const look = 'get onboarded device a';
      assert.deepEqual(rig.requests, [look, 'get device a', 'list commands a', look]);
    });

    it('OnboardingFollower: a device that is onboarded meanwhile ends so, whatever failed', async () => {
      rig.claimed.set('a', { id: 'a' });
      rig.commands = [failedCommand];
      rig.before.set('list commands', () => onboard('a'));
      rig.follow('a');
      await rig.clock.pass(10);
      assert.deepEqual(stages(), [['a', [0], false]]);
    });

    it('OnboardingFollower: a diagnosis is not believed if the device cannot be looked up', async () => {
      rig.claimed.set('a', { id: 'a' });
      rig.commands = [failedCommand];
      rig.before.set('list commands', () =>
        rig.errors.set('get onboarded device', serviceError('NRFCLOUD_UNAVAILABLE')),
      );
      rig.follow('a');
      await rig.clock.pass(10);
      assert.deepEqual([rig.ends, rig.follower.size, rig.failures], [[], 1, []]);
    });

    it('OnboardingFollower: a device that is cancelled during a check is not looked up any more', async () => {
      rig.claimed.set('a', { id: 'a' });
      rig.commands = [failedCommand];
      rig.before.set('list commands', () => void rig.follower.cancel('a'));
      rig.follow('a');
      await rig.clock.pass(200, 10);
      assert.deepEqual([rig.ends, rig.requests.at(-1)], [[], 'list commands a']);
    });

    it('OnboardingFollower: a device that was claimed and is missing for long enough ends', async () => {
      rig.follow('a', null, true);
      rig.follow('b');
      await rig.clock.pass(10);
      rig.ahead = UNCLAIMED.afterMs;
      await rig.clock.pass(210, 5);
      assert.deepEqual(stages(), [['a', [0], 'unclaimed']]);
      assert.equal(rig.follower.size, 1);
    });
  });
});
