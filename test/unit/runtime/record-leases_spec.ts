import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { mock } from 'node:test';
import type { RecordLeases } from '../../../nodes/runtime/record-leases';
import { stopClock, type Clock } from '../../support/clock';
import { LEASE_TIMING as TIMING, leasesOn, type LeasesRig } from '../../support/leases-rig';

/** Longer than a claim takes until it is read back. */
const SETTLED_MS = 300;

describe('record leases', () => {
  let clock: Clock;
  let shared: Map<string, unknown>;
  beforeEach(() => {
    clock = stopClock();
    shared = new Map();
  });
  afterEach(() => {
    mock.restoreAll();
    clock.restore();
  });

  const instance = (): LeasesRig => leasesOn(shared, clock);

  async function write(leases: RecordLeases, key: string): Promise<void> {
    await leases.hold(key);
    shared.set(key, { owner: leases.owner });
  }

  async function settled<T>(work: Promise<T>): Promise<T> {
    await clock.pass(SETTLED_MS);
    return work;
  }

  it('record leases: a record of a live instance is not claimed, however long it takes', async () => {
    const [a, b] = [instance(), instance()];
    await write(a.leases, 'x');
    await clock.pass(5000);
    assert.deepEqual(await settled(b.leases.claim(['x'])), []);
    assert.deepEqual([a.taken, b.taken], [[], []]);
    assert.equal((shared.get('x') as { owner: string }).owner, a.leases.owner);
  });

  it('record leases: one of two that claim a free record at once gets it', async () => {
    const [a, b] = [instance(), instance()];
    shared.set('x', {}).set('y', { owner: 'gone' });
    const claims = await settled(Promise.all([a.leases.claim(['x', 'y']), b.leases.claim(['x', 'y'])]));
    assert.deepEqual(claims.flat().sort(), ['x', 'y']);
  });

  it('record leases: one of two that claim a free record gets it, however slow the store is', async () => {
    const delayMs = 60;
    const [a, b] = [leasesOn(shared, clock, false, delayMs), leasesOn(shared, clock, false, delayMs)];
    mock.method(Math, 'random', () => 0);
    shared.set('x', {});
    const first = a.leases.claim(['x']);
    // The other one has a lease before the first one's write arrives, and reads the record just before.
    while (a.calls.length < 3) await clock.pass(1);
    const held = b.leases.hold('own');
    while (!a.calls.includes('set x')) await clock.pass(1);
    await clock.pass(delayMs - 1);
    await held;
    const second = b.leases.claim(['x']);
    await clock.pass(20 * delayMs);
    assert.deepEqual([await first, await second], [[], ['x']]);
  });

  it('record leases: a record that was claimed while the lease was being written is left alone', async () => {
    const [a, b] = [leasesOn(shared, clock, false), leasesOn(shared, clock, false)];
    shared.set('x', {});
    const late = a.leases.claim(['x']);
    while (a.calls.length === 0) await clock.pass(1);
    a.pause();
    await clock.pass(1);
    assert.deepEqual(await settled(b.leases.claim(['x'])), ['x']);
    shared.set('x', { owner: b.leases.owner, n: 2 });
    a.resume();
    assert.deepEqual(await settled(late), []);
    assert.deepEqual(shared.get('x'), { owner: b.leases.owner, n: 2 });
  });

  it('record leases: the records of an instance that is gone are taken over once, after its lease', async () => {
    const [a, b, c] = [instance(), instance(), instance()];
    await write(a.leases, 'x');
    await write(a.leases, 'y');
    a.pause();
    await clock.pass(TIMING.leaseMs - TIMING.renewMs);
    assert.deepEqual([...b.taken, ...c.taken], []);
    await clock.pass(TIMING.leaseMs + TIMING.renewMs + SETTLED_MS);
    assert.deepEqual([...b.taken, ...c.taken].sort(), ['x', 'y']);
    await clock.pass(5000);
    assert.deepEqual([...b.taken, ...c.taken].sort(), ['x', 'y']);
  });

  it('record leases: a paused instance sees that its record was taken over', async () => {
    const [a, b] = [instance(), instance()];
    await write(a.leases, 'x');
    a.pause();
    await clock.pass(5 * TIMING.leaseMs);
    a.resume();
    await clock.pass(5 * TIMING.leaseMs);
    assert.deepEqual([a.taken, b.taken], [[], ['x']]);
    assert.equal(await a.leases.readOwn('x'), undefined);
  });

  it('record leases: a record that was read before a pause is read again after it', async () => {
    const [a, b] = [instance(), instance()];
    await write(a.leases, 'x');
    a.pause();
    const read = a.leases.readOwn('x');
    await clock.pass(5 * TIMING.leaseMs);
    assert.deepEqual(b.taken, ['x']);
    a.resume();
    assert.equal(await read, undefined);
  });

  it('record leases: a pause in which nobody took a record over leaves it where it was', async () => {
    const a = instance();
    await write(a.leases, 'x');
    a.pause();
    await clock.pass(5 * TIMING.leaseMs);
    a.resume();
    await clock.pass(TIMING.renewMs);
    const b = instance();
    assert.deepEqual(await settled(b.leases.claim(['x'])), []);
    assert.equal((shared.get('x') as { owner: string }).owner, a.leases.owner);
  });

  for (const [what, failing, earlier] of [
    ['the read of the record', 'get x', undefined],
    ['the write of the owner', 'set x', undefined],
    ['the read of the written owner', 'get x', 'set x'],
  ] as const) {
    it(`record leases: a record is taken over in the next turn if ${what} fails`, async () => {
      const a = instance();
      await write(a.leases, 'own');
      shared.set('x', { owner: 'gone' }).set('y', { owner: 'gone' });
      while (earlier !== undefined && !a.calls.includes(earlier)) await clock.pass(1);
      a.loseResponse(failing);
      while (a.taken.length === 0) await clock.pass(1);
      assert.deepEqual(a.taken, ['y']);
      await clock.pass(5 * TIMING.leaseMs);
      assert.deepEqual(a.taken, ['y', 'x']);
    });
  }

  it('record leases: a record is loaded in the next turn if its owner cannot be read back', async () => {
    const a = leasesOn(shared, clock, false);
    shared.set('x', {}).set('y', {});
    const claim = a.leases.claim(['x', 'y']);
    await clock.pass(1);
    a.loseResponse('get x');
    assert.deepEqual(await settled(claim), ['y']);
    a.leases.watch((key) => a.taken.push(key));
    await clock.pass(TIMING.renewMs + SETTLED_MS);
    assert.deepEqual(a.taken, ['x']);
  });

  it('record leases: a record is taken over in the next turn if it cannot be read', async () => {
    const a = leasesOn(shared, clock, false);
    shared.set('x', {});
    assert.deepEqual(await settled(a.leases.claim(['x'])), ['x']);
    a.leases.postpone('x');
    a.leases.watch((key) => a.taken.push(key));
    await clock.pass(TIMING.renewMs + SETTLED_MS);
    assert.deepEqual(a.taken, ['x']);
  });

  it('record leases: a new record of an instance that had none for long is not taken over', async () => {
    const [a, b] = [instance(), instance()];
    await write(a.leases, 'x');
    shared.delete('x');
    a.leases.drop('x');
    await clock.pass(2 * TIMING.leaseMs);
    await write(a.leases, 'y');
    // The other instance looks before the next renewal arrives.
    a.pause();
    await clock.pass(TIMING.renewMs);
    a.resume();
    await clock.pass(SETTLED_MS);
    assert.deepEqual([a.taken, b.taken], [[], []]);
    assert.equal((shared.get('y') as { owner: string }).owner, a.leases.owner);
  });

  it('record leases: a record is taken over in the next turn if the write of the lease fails', async () => {
    const a = instance();
    shared.set('x', {});
    a.loseResponse(`set #lease-${a.leases.owner}`);
    await clock.pass(TIMING.renewMs);
    assert.deepEqual(shared.get('x'), {});
    await clock.pass(TIMING.renewMs + SETTLED_MS);
    assert.deepEqual(a.taken, ['x']);
  });

  it('record leases: a lease that cannot be read keeps only the records of its owner from being taken over', async () => {
    const a = instance();
    shared.set('#lease-broken', new Error('broken')).set('x', { owner: 'broken' }).set('y', { owner: 'gone' });
    await clock.pass(TIMING.renewMs + SETTLED_MS);
    assert.deepEqual(a.taken, ['y']);
    assert.deepEqual(shared.get('x'), { owner: 'broken' });
  });

  it('record leases: an instance does not remove the lease that it renews meanwhile', async () => {
    const a = leasesOn(shared, clock, true, 10);
    await Promise.all([a.leases.hold('x'), clock.pass(10)]);
    a.leases.drop('x');
    // A turn begins when the lease has just expired: it asks for the keys, then for the lease.
    await clock.pass(TIMING.leaseMs);
    await Promise.all([a.leases.hold('y'), clock.pass(30)]);
    assert.equal(shared.has(`#lease-${a.leases.owner}`), true);
  });

  it('record leases: a record is held although the lease could not be written before', async () => {
    const a = leasesOn(shared, clock, false);
    a.loseResponse(`set #lease-${a.leases.owner}`);
    await assert.rejects(a.leases.hold('x'), /it does not respond/);
    await a.leases.hold('y');
    assert.equal((shared.get(`#lease-${a.leases.owner}`) as { until: number }).until, TIMING.leaseMs);
  });

  it('record leases: a record that is being removed is not taken up again', async () => {
    const a = instance();
    await write(a.leases, 'x');
    a.leases.drop('x');
    await clock.pass(5 * TIMING.renewMs + SETTLED_MS);
    assert.deepEqual(a.taken, []);
  });

  it('record leases: an instance that is closed leaves its records to others at once', async () => {
    const [a, b] = [instance(), instance()];
    await write(a.leases, 'x');
    await a.leases.close();
    assert.deepEqual(await settled(b.leases.claim(['x'])), ['x']);
    assert.deepEqual(
      [...shared.keys()].filter((key) => key.includes(a.leases.owner)),
      [],
    );
  });

  it('record leases: the lease of a process of this computer that has ended is not waited for', async () => {
    const a = instance();
    shared.set('x', { owner: 'dead' });
    // No process has this id: it is above the kernel's limit.
    shared.set('#lease-dead', { pid: 2 ** 30, host: hostname(), until: 1e9 });
    assert.deepEqual(await settled(a.leases.claim(['x'])), ['x']);
    shared.set('y', { owner: 'elsewhere' });
    shared.set('#lease-elsewhere', { pid: 2 ** 30, host: 'another', until: 1e9 });
    assert.deepEqual(await settled(a.leases.claim(['y'])), []);
  });
});
