import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { thisProcess } from '../../../nodes/runtime/journal/process-identity';
import { stopClock, type Clock } from '../../support/clock';
import { LEASE_TIMING, leasesOn, type LeasesRig } from '../../support/leases-rig';

const { leaseMs, renewMs } = LEASE_TIMING;
/** A claim that was written is read back after this time, as `Math.random` gives one half. */
const SETTLE_MS = 200;

describe('RecordLeases', () => {
  let clock: Clock;
  let shared: Map<string, unknown>;
  beforeEach(() => {
    clock = stopClock();
    mock.method(Math, 'random', () => 0.5);
    shared = new Map();
  });
  afterEach(() => {
    mock.restoreAll();
    clock.restore();
  });

  const instance = (watches = false): LeasesRig => leasesOn(shared, clock, watches);
  const leaseOf = ({ leases }: LeasesRig): string => `#lease-${leases.owner}`;
  const untilOf = (rig: LeasesRig): number | undefined =>
    (shared.get(leaseOf(rig)) as { until: number } | undefined)?.until;

  /** The result of a call that needs no time; 'waits' if it does. */
  const atOnce = async <T>(call: Promise<T>): Promise<T | 'waits'> =>
    Promise.race([call, setImmediate('waits' as const)]);

  async function passing<T>(ms: number, call: Promise<T>): Promise<T> {
    await clock.pass(ms);
    return call;
  }

  /** An instance that owns a record. */
  async function owner(key = 'x'): Promise<LeasesRig> {
    const rig = instance();
    await rig.leases.hold(key);
    shared.set(key, { owner: rig.leases.owner });
    return rig;
  }

  describe('hold', () => {
    it('writes a lease before it resolves, and renews it as long as a record is held', async () => {
      const a = await owner();
      assert.equal(untilOf(a), leaseMs);
      await clock.pass(renewMs);
      assert.equal(untilOf(a), renewMs + leaseMs);
      a.leases.drop('x');
      await clock.pass(5 * renewMs, 10);
      assert.equal(untilOf(a), renewMs + leaseMs);
    });

    it('writes one lease for all records', async () => {
      const a = instance();
      await Promise.all(['x', 'y', 'z'].map((key) => a.leases.hold(key)));
      assert.deepEqual(a.calls, [`set ${leaseOf(a)}`]);
    });

    it('writes no lease after the instance is closed', async () => {
      const a = instance();
      await a.leases.close();
      await a.leases.hold('x');
      await clock.pass(5 * renewMs, 10);
      assert.deepEqual(a.calls, []);
    });
  });

  describe('readOwn', () => {
    it('writes a lease before the first read', async () => {
      const a = instance();
      shared.set('x', { owner: a.leases.owner, n: 1 });
      assert.deepEqual(await a.leases.readOwn('x'), { owner: a.leases.owner, n: 1 });
      assert.deepEqual(a.calls, [`set ${leaseOf(a)}`, 'get x']);
    });

    it('reads only, as long as the lease is valid', async () => {
      const a = await owner();
      a.calls.length = 0;
      clock.lag(leaseMs - 1);
      assert.deepEqual(await a.leases.readOwn('x'), { owner: a.leases.owner });
      assert.deepEqual(a.calls, ['get x']);
    });

    it('renews a lease that has just expired', async () => {
      const a = await owner();
      clock.lag(leaseMs);
      assert.deepEqual(await a.leases.readOwn('x'), { owner: a.leases.owner });
      assert.equal(untilOf(a), 2 * leaseMs);
    });

    it('reads a record of a closed instance without a lease', async () => {
      const a = await owner();
      await a.leases.close();
      clock.lag(leaseMs);
      assert.deepEqual(await a.leases.readOwn('x'), { owner: a.leases.owner });
      assert.equal(untilOf(a), undefined);
    });
  });

  describe('claim', () => {
    it('writes a lease first, then the owner of what is still free, and reads it back after a while', async () => {
      const a = instance();
      shared.set('x', { n: 1 });
      const claim = a.leases.claim(['x']);
      await clock.pass(SETTLE_MS - 1);
      assert.deepEqual(a.calls, ['get x', `set ${leaseOf(a)}`, 'get x', 'set x']);
      assert.deepEqual(await passing(1, claim), ['x']);
      // The time until then is two renewals of the rig.
      assert.deepEqual(a.calls.slice(4), ['get x', `set ${leaseOf(a)}`]);
      assert.deepEqual(shared.get('x'), { n: 1, owner: a.leases.owner });
    });

    it('claims fifty records at once, and the others after them', async () => {
      const a = instance();
      const keys = Array.from({ length: 120 }, (_, n) => `key ${n}`);
      for (const key of keys) shared.set(key, {});
      a.pause();
      const claim = a.leases.claim(keys);
      assert.equal(a.calls.length, 50);
      a.resume();
      assert.deepEqual(await passing(SETTLE_MS, claim), keys);
    });

    it('leaves the record of a live instance, without waiting', async () => {
      const [a, b] = [await owner(), instance()];
      assert.deepEqual(await atOnce(b.leases.claim(['x'])), []);
      assert.deepEqual(shared.get('x'), { owner: a.leases.owner });
    });

    it('takes a record whose lease has just expired', async () => {
      shared.set('x', { owner: 'gone' }).set('#lease-gone', { ...thisProcess(), until: clock.now });
      assert.deepEqual(await passing(SETTLE_MS, instance().leases.claim(['x'])), ['x']);
    });

    it('takes a record whose lease is damaged', async () => {
      shared.set('x', { owner: 'damaged' }).set('#lease-damaged', { ...thisProcess(), until: '9999999' });
      assert.deepEqual(await passing(SETTLE_MS, instance().leases.claim(['x'])), ['x']);
    });

    it('skips a record that is gone, without waiting and without an error', async () => {
      assert.deepEqual(await atOnce(instance().leases.claim(['x'], () => assert.fail())), []);
    });

    it('skips a record of its own that is being removed, without waiting', async () => {
      const a = await owner();
      a.leases.drop('x');
      assert.deepEqual(await atOnce(a.leases.claim(['x'])), []);
    });

    it('reports a record that cannot be read, and claims the others', async () => {
      const failure = new Error('broken');
      const errors: Error[] = [];
      shared.set('x', failure).set('y', {});
      const a = instance();
      assert.deepEqual(
        await passing(
          SETTLE_MS,
          a.leases.claim(['x', 'y'], (error) => errors.push(error)),
        ),
        ['y'],
      );
      assert.deepEqual(errors, [failure]);
    });

    it('takes nothing after the instance is closed, without waiting', async () => {
      const a = instance();
      shared.set('x', {});
      await a.leases.close();
      assert.deepEqual(await atOnce(a.leases.claim(['x'])), []);
      assert.deepEqual(shared.get('x'), {});
    });
  });

  describe('watch', () => {
    it('writes no lease as long as there is no record', async () => {
      const a = instance(true);
      await clock.pass(5 * renewMs, 10);
      assert.equal(untilOf(a), undefined);
      assert.equal(a.calls.length, 5);
    });

    it('is needed to take records over', async () => {
      shared.set('free', {});
      await owner();
      await clock.pass(renewMs + SETTLE_MS);
      assert.deepEqual(shared.get('free'), {});
    });

    it('reads the record of a live instance once', async () => {
      await owner();
      const b = instance(true);
      await clock.pass(5 * renewMs, 10);
      assert.equal(b.calls.filter((call) => call === 'get x').length, 1);
    });

    it('removes an expired lease', async () => {
      instance(true);
      shared.set('#lease-gone', { ...thisProcess(), until: renewMs });
      await clock.pass(renewMs - 1);
      assert.equal(shared.has('#lease-gone'), true);
      await clock.pass(1);
      assert.equal(shared.has('#lease-gone'), false);
    });

    it('waits for the response of the store before it asks again', async () => {
      const a = instance(true);
      a.pause();
      await clock.pass(5 * renewMs, 10);
      assert.deepEqual(a.calls, ['keys']);
      a.resume();
      await clock.pass(renewMs);
      assert.deepEqual(a.calls, ['keys', 'keys']);
    });

    it('reports no record that it takes over while it is being closed', async () => {
      const a = instance(true);
      shared.set('free', {});
      await clock.pass(renewMs + SETTLE_MS - 1);
      await a.leases.close();
      await clock.pass(SETTLE_MS);
      assert.deepEqual(a.taken, []);
    });

    it('asks nothing of the store after the instance is closed', async () => {
      const a = instance();
      await a.leases.close();
      a.leases.watch(() => assert.fail());
      await clock.pass(5 * renewMs, 10);
      assert.deepEqual(a.calls, []);
    });
  });
});
