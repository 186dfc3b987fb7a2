import assert from 'node:assert/strict';
import { Abort } from '../../../nodes/util/abort';
import { KeyedQueue, type WaitOptions } from '../../../nodes/util/keyed-queue';

describe('KeyedQueue', () => {
  const options = (more: Partial<WaitOptions<string>> = {}): WaitOptions<string> => ({
    signal: new Abort(),
    onWait: () => () => undefined,
    share: (value) => `shared ${value}`,
    isShared: () => true,
    ...more,
  });
  /** A task that ends when it is told to. */
  const task = () => {
    let end: (value: string) => void = () => undefined;
    let fail: (error: Error) => void = () => undefined;
    const promise = new Promise<string>((resolve, reject) => ([end, fail] = [resolve, reject]));
    return { promise, end, fail, started: 0 };
  };

  it('runs tasks of one key in order and of others at once, also after a failure', async () => {
    const queue = new KeyedQueue();
    const order: string[] = [];
    const [first, other] = [task(), task()];
    const work = (name: string, of?: Promise<string>) => (followed: boolean) => {
      order.push(`${name} ${followed}`);
      return of ?? Promise.resolve(name);
    };
    const a = queue.run('k', work('a', first.promise), options());
    const b = queue.run('k', work('b'), options());
    const c = queue.run('k', work('c'), options());
    const d = queue.run('other', work('d', other.promise), options());
    assert.deepEqual(order, ['a false', 'd false']);
    first.fail(new Error('failed'));
    await assert.rejects(a, /failed/);
    assert.deepEqual([await b, await c], ['b', 'c']);
    assert.deepEqual(order, ['a false', 'd false', 'b true', 'c true']);
    assert.equal(queue.isBusy('k'), false);
    other.end('d');
    await d;
  });

  it('gives the result of the last task to one with the same fingerprint', async () => {
    const queue = new KeyedQueue();
    const first = task();
    const a = queue.run('k', () => first.promise, options(), 'f');
    const b = queue.run('k', () => assert.fail('it ran'), options(), 'f');
    first.end('a');
    assert.deepEqual([await a, await b], ['a', 'shared a']);
  });

  it('runs the task itself if the error of the other is not shared', async () => {
    const queue = new KeyedQueue();
    const first = task();
    const a = queue.run('k', () => first.promise, options(), 'f');
    const b = queue.run('k', () => Promise.resolve('b'), options({ isShared: () => false }), 'f');
    const c = queue.run('k', () => Promise.resolve('c'), options(), 'f');
    first.fail(new Error('stopped'));
    await assert.rejects(a, /stopped/);
    await assert.rejects(c, /stopped/);
    assert.equal(await b, 'b');
  });

  it('does not run a task that was aborted while it waited', async () => {
    const queue = new KeyedQueue();
    const first = task();
    const stop = new Abort();
    let waiting = 0;
    const onWait = () => {
      waiting++;
      return () => waiting--;
    };
    const a = queue.run('k', () => first.promise, options());
    const b = queue.run('k', () => assert.fail('it ran'), options({ signal: stop, onWait }));
    assert.equal(waiting, 1);
    stop.abort(new Error('stopped'));
    await assert.rejects(b, /stopped/);
    first.end('a');
    assert.equal(await a, 'a');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([waiting, queue.isBusy('k')], [0, false]);
  });

  it('a task that waited for its turn ends by itself when it is aborted while it runs', async () => {
    const queue = new KeyedQueue();
    const [first, second] = [task(), task()];
    const stop = new Abort();
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const work = (): Promise<string> => {
      begin();
      return second.promise;
    };
    void queue.run('k', () => first.promise, options());
    const ended = assert.rejects(queue.run('k', work, options({ signal: stop })), /its request was sent/);
    first.end('a');
    await begun;
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error('stopped'));
    second.fail(new Error('its request was sent'));
    await ended;
  });
});
