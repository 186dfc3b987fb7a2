import assert from 'node:assert/strict';

import { startSimulator, type DeviceBehaviour } from '../../../simulator/index';
import { TimerQueue, type QueuedTimer } from '../../../simulator/util/timer-queue';
import { call, useSimulator } from './harness';

const KEY = { request: { cloudAccessKeyGeneration: { secTag: 16842753 } } };

describe('simulator: devices that contact the service', () => {
  const sim = useSimulator();

  it('a device contacts the service the set time after its claim, then at its interval', async () => {
    sim().setDeviceBehaviour('default', { contactAfterMs: 5, contactEveryMs: 5 });
    const times: number[] = [];
    const third = sim().events.waitFor('contact', () => times.push(performance.now()) === 3);
    const started = performance.now();
    const { claimToken, deviceUuid } = sim().mint();
    await call(sim(), 'POST', '/claimed-devices', { body: { claimToken } });
    assert.deepEqual(await third, { deviceId: deviceUuid, outcome: 'idle', commandIds: [] });
    assert.ok(times[0]! - started >= 4.9);
    assert.ok(times[2]! - times[1]! >= 4.9);
  });

  it('a device that was blocked asks again at its interval', async () => {
    sim().setDeviceBehaviour('default', { contactAfterMs: null, contactEveryMs: 1 });
    const [id = ''] = sim().fill(1);
    await call(sim(), 'POST', `/claimed-devices/${id}/block`);
    sim().setDeviceBehaviour(id, { contactAfterMs: 0 });
    assert.equal((await sim().events.waitFor('contact')).outcome, 'blocked');
    await call(sim(), 'POST', `/claimed-devices/${id}/unblock`);
    await sim().events.waitFor('contact', ({ outcome }) => outcome === 'idle');
  });

  it('the behaviour of a device wins over that of its tag, and this over the default', async () => {
    sim().setDeviceBehaviour('default', { contactAfterMs: null });
    sim().setDeviceBehaviour('tag:quick', { contactAfterMs: 0 });
    const own = sim().mint();
    sim().setDeviceBehaviour(own.deviceUuid.toUpperCase(), { contactAfterMs: null });
    await call(sim(), 'POST', '/claimed-devices', { body: { claimToken: own.claimToken, tags: ['quick'] } });
    const contact = sim().events.waitFor('contact');
    sim().fill(1);
    const [tagged] = sim().fill(1, ['quick']);
    assert.equal((await contact).deviceId, tagged);
  });

  it('a behaviour given to a claimed device counts from its claim', async () => {
    sim().setDeviceBehaviour('default', { contactAfterMs: null });
    const [id = ''] = sim().fill(1);
    const contact = sim().events.waitFor('contact');
    sim().setDeviceBehaviour(id, { contactAfterMs: 1 });
    assert.equal((await contact).deviceId, id);
  });

  it('a device that contacted the service on demand does not do so again by itself', async () => {
    sim().setDeviceBehaviour('default', { contactAfterMs: 5 });
    const [first = '', second] = sim().fill(2);
    const contacts: string[] = [];
    const other = sim().events.waitFor('contact', ({ deviceId }) => contacts.push(deviceId) > 0 && deviceId === second);
    sim().contact(first);
    await other;
    assert.deepEqual(contacts, [first, second]);
  });

  it('refuses behaviours that do not exist or cannot be', () => {
    for (const change of [
      { contactAfter: 1 },
      { contactAfterMs: -1 },
      { contactAfterMs: 'soon' },
      { recordsPerRound: 0 },
      { failAt: { index: 1 } },
      { csrDamage: 'burnt' },
      { oldFirmware: 1 },
    ]) {
      const set = () => sim().setDeviceBehaviour('default', change as Partial<DeviceBehaviour>);
      assert.throws(set, TypeError, JSON.stringify(change));
    }
  });

  it('50,000 devices get in with one timer, and are looked up by id quickly', async function () {
    this.timeout(60_000);
    const large = await startSimulator({ record: false });
    try {
      large.addRule({ name: 'r', active: true, commands: [KEY], tags: ['a'] });
      large.setDeviceBehaviour('default', { contactAfterMs: 1, onboardAfterMs: 1, stateAfterMs: 1 });
      let connected = 0;
      const all = large.events.waitFor('state', () => ++connected === 50_000, 50_000);
      const ids = large.fill(50_000, ['a']);
      const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
      assert.ok(timers.length < 100, `${timers.length} timers`);
      await all;
      for (let asked = 0; asked < 50; asked++) {
        const some = ids.slice(asked * 1000, asked * 1000 + 100).join(',');
        const { json } = await call(large, 'GET', `${large.deviceApiUrl}/devices?deviceIds=${some}`);
        assert.equal(json.items.length, 100);
      }
    } finally {
      await large.close();
    }
  });
});

describe('simulator: timer queue', () => {
  it('runs in the order of time, then of addition, and not what was cancelled', async () => {
    const queue = new TimerQueue();
    const ran: QueuedTimer[] = [];
    const added: QueuedTimer[] = [];
    await new Promise<void>((resolve) => {
      for (let index = 0; index < 500; index++) {
        const timer = queue.add((index * 7919) % 13, () => {
          ran.push(timer);
          if (ran.length === 500) resolve();
        });
        added.push(timer);
      }
      queue.cancel(queue.add(1, () => assert.fail()));
      queue.cancel(undefined);
    });
    assert.deepEqual(
      ran.map(({ order }) => order),
      added.sort((one, other) => one.at - other.at || one.order - other.order).map(({ order }) => order),
    );
    assert.equal(queue.size, 0);
  });

  it('runs work that adds more work, and never runs Infinity', async () => {
    const queue = new TimerQueue();
    queue.add(Infinity, () => assert.fail());
    assert.equal(queue.size, 0);
    let runs = 0;
    await new Promise<void>((resolve) => {
      const again = (): void => {
        if (++runs === 50) resolve();
        else queue.add(0, again);
      };
      queue.add(0, again);
    });
    assert.equal(runs, 50);
  });

  it('drops everything when it is stopped', async () => {
    const queue = new TimerQueue();
    queue.add(1, () => assert.fail());
    queue.stop();
    queue.add(1, () => assert.fail());
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(queue.size, 0);
  });

  it('lets other work of the process run in between', async () => {
    const queue = new TimerQueue();
    let left = 20;
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      if (left > 0) setImmediate(tick);
    };
    setImmediate(tick);
    await new Promise<void>((resolve) => {
      for (let index = 0; index < 20; index++) {
        queue.add(0, () => {
          const until = performance.now() + 5;
          while (performance.now() < until);
          if (--left === 0) resolve();
        });
      }
    });
    assert.ok(ticks >= 5, `${ticks} ticks`);
  });
});
