import assert from 'node:assert/strict';
import { Poller, type PollTarget } from '../../../nodes/operations/poller';
import type { ApiResponse } from '../../../nodes/api/request';
import { stopClock } from '../../support/clock';

const response: ApiResponse = { statusCode: 200, body: { status: 'PENDING' } };

/** A target that counts, and ends after a number of polls. */
class Target implements PollTarget {
  readonly times: number[] = [];
  readonly errors: Error[] = [];
  within: number | undefined;

  constructor(
    readonly id: string,
    private readonly polls: number,
    readonly interval = 1,
    readonly maxInterval = 4,
  ) {}

  nextWithin(): number | undefined {
    return this.within;
  }

  readonly onResponse = (): boolean => this.#count();
  readonly onError = (error: Error): boolean => {
    this.errors.push(error);
    return this.#count();
  };

  #count(): boolean {
    this.times.push(performance.now());
    return this.times.length < this.polls;
  }
}

describe('poller', () => {
  let clock: ReturnType<typeof stopClock>;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  it('poller: the interval grows to its maximum, and polling ends when the target says so', async () => {
    const target = new Target('x', 6);
    new Poller(
      () => Promise.resolve(response),
      () => 1,
    ).add(target);
    const start = performance.now();
    await clock.pass(60_000);
    const gaps = target.times.map((time, index) => time - (target.times[index - 1] ?? start));
    assert.equal(gaps.length, 6);
    for (const [index, least] of [0, 1000, 1500, 2250, 3375, 4000].entries()) {
      assert.ok(gaps[index]! >= least - 1 && gaps[index]! <= least + 30, `${index}: ${gaps.join(', ')}`);
    }
  });

  it('poller: targets that begin together are spread by their second poll', async () => {
    let chance = 0;
    const poller = new Poller(
      () => Promise.resolve(response),
      () => (chance += 0.1),
    );
    const targets = Array.from({ length: 5 }, (_, index) => new Target(String(index), 2));
    for (const target of targets) poller.add(target);
    await clock.pass(5000);
    assert.equal(new Set(targets.map(({ times }) => times[1])).size, 5);
  });

  it('poller: the first polls after a restart are spread over the interval', async () => {
    const ids: string[] = [];
    const poller = new Poller(
      (id) => {
        ids.push(id);
        return Promise.resolve(response);
      },
      () => 0.5,
    );
    poller.add(new Target('x', 1), 2000);
    await clock.pass(990);
    assert.deepEqual(ids, []);
    await clock.pass(40);
    assert.deepEqual(ids, ['x']);
  });

  it('poller: polls that were spread by a restart do not come close to those of others', async () => {
    const target = new Target('x', 3);
    const chances = [0.5, 0, 0];
    new Poller(
      () => Promise.resolve(response),
      () => chances.shift()!,
    ).add(target, 1000);
    await clock.pass(5000);
    const [first, second] = target.times as [number, number];
    assert.ok(second - first >= 900, `${second - first} ms instead of most of the interval`);
  });

  it('poller: a poll does not come later than the target asks for', async () => {
    const target = new Target('x', 2, 100, 100);
    target.within = 500;
    new Poller(
      () => Promise.resolve(response),
      () => 1,
    ).add(target);
    await clock.pass(530);
    assert.equal(target.times.length, 2);
  });

  it('poller: an error is handed to the target, which decides whether polling goes on', async () => {
    const target = new Target('x', 2);
    new Poller(
      () => Promise.reject(new Error('lost')),
      () => 1,
    ).add(target);
    await clock.pass(5000);
    assert.deepEqual(
      target.errors.map(({ message }) => message),
      ['lost', 'lost'],
    );
  });

  it('poller: a target that was removed hears nothing more, and its request is aborted', async () => {
    let aborted = false;
    const target = new Target('x', 5);
    const poller = new Poller((_id, signal) => {
      signal.addEventListener('abort', () => (aborted = true), { once: true });
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
      );
    });
    poller.add(target);
    await clock.pass(100);
    poller.remove(target);
    await clock.pass(10_000);
    assert.equal(aborted, true);
    assert.equal(target.times.length, 0);
  });

  it('poller: hurry polls within what the target asks for, or its interval', async () => {
    const target = new Target('x', 9, 100, 100);
    const plain = { id: 'y', interval: 1, maxInterval: 1, onResponse: () => true, onError: () => true };
    const ids: string[] = [];
    const poller = new Poller(
      (id) => {
        ids.push(id);
        return Promise.resolve(response);
      },
      () => 1,
    );
    for (const one of [target, plain]) poller.add(one, 50_000);
    target.within = 100;
    for (const one of [target, plain]) poller.hurry(one);
    await clock.pass(130, 5);
    assert.deepEqual(ids, ['x']);
    target.within = undefined;
    await clock.pass(900, 25);
    assert.deepEqual(ids, ['x', 'x', 'y']);
    await clock.pass(1000, 25);
    assert.deepEqual(ids.slice(3), ['y']);
    poller.close();
  });

  it('poller: hurry and remove do nothing for a target that is not polled', () => {
    const poller = new Poller(() => Promise.resolve(response));
    const target = new Target('x', 1);
    assert.doesNotThrow(() => poller.hurry(target));
    assert.doesNotThrow(() => poller.remove(target));
  });

  it('poller: hurry sends no second poll while one is being sent', async () => {
    let sent = 0;
    const target = new Target('x', 2);
    target.within = 0;
    const poller = new Poller(() => {
      sent++;
      return new Promise(() => undefined);
    });
    poller.add(target);
    await clock.pass(30);
    poller.hurry(target);
    await clock.pass(200, 5);
    assert.equal(sent, 1);
    poller.close();
  });

  it('poller: later polls take most of their interval, by chance', async () => {
    const target = new Target('x', 4, 1, 1);
    new Poller(
      () => Promise.resolve(response),
      () => 0,
    ).add(target);
    await clock.pass(3000, 5);
    const gaps = target.times.map((time, index) => time - (target.times[index - 1] ?? 0)).slice(1);
    assert.equal(gaps.length, 3);
    for (const [index, least] of [200, 900, 900].entries()) {
      assert.ok(gaps[index]! >= least && gaps[index]! <= least + 30, gaps.join(', '));
    }
  });
});
