import assert from 'node:assert/strict';
import { LinkedAbort, Abort, rejectOnAbort } from '../../../nodes/util/abort';
import { ListenedStop } from '../../support/listened-stop';

describe('Abort', () => {
  it('calls each listener once, in order, and keeps the first reason', () => {
    const stop = new Abort();
    const heard: string[] = [];
    const [first, second] = [() => heard.push('first'), () => heard.push('second')];
    stop.addEventListener('abort', first);
    stop.addEventListener('abort', second);
    stop.addEventListener('abort', second);
    assert.equal(stop.aborted, false);
    stop.throwIfAborted();
    const reason = new Error('over');
    stop.abort(reason);
    stop.abort(new Error('again'));
    assert.deepEqual(heard, ['first', 'second']);
    assert.equal(stop.aborted, true);
    assert.equal(stop.reason, reason);
    assert.throws(() => stop.throwIfAborted(), reason);
  });

  it('does not call a listener that was removed, or added after the abort', () => {
    const stop = new Abort();
    const heard: string[] = [];
    const listeners = ['a', 'b', 'c'].map((name) => () => void heard.push(name));
    for (const listener of listeners) stop.addEventListener('abort', listener);
    stop.removeEventListener('abort', listeners[0]!);
    stop.removeEventListener('abort', listeners[2]!);
    stop.removeEventListener('abort', () => undefined);
    stop.abort();
    stop.addEventListener('abort', listeners[0]!);
    stop.abort();
    assert.deepEqual(heard, ['b']);
  });

  it('calls a listener that was added after the first one was removed', () => {
    const stop = new Abort();
    const heard: string[] = [];
    const left = (): void => void heard.push('left');
    stop.addEventListener('abort', left);
    stop.removeEventListener('abort', left);
    stop.addEventListener('abort', () => void heard.push('stayed'));
    stop.abort();
    assert.deepEqual(heard, ['stayed']);
  });

  it('ignores a listener that is added after the abort', () => {
    const stop = new Abort();
    stop.abort();
    const late = (): void => assert.fail('told too late');
    stop.addEventListener('abort', late);
    stop.addEventListener('abort', late);
    stop.abort();
  });

  it('has the reason of an AbortController if none is given', () => {
    const stop = new Abort();
    stop.abort();
    assert.equal(stop.reason.name, 'AbortError');
    assert.equal(stop.reason.message, 'This operation was aborted');
  });
});

describe('LinkedAbort', () => {
  it('is aborted with its parent, for the same reason, even if the parent was aborted before', () => {
    const whole = new Abort();
    const part = new LinkedAbort(whole);
    const reason = new Error('all of it');
    whole.abort(reason);
    assert.equal(part.aborted, true);
    assert.equal(part.reason, reason);
    assert.equal(new LinkedAbort(whole).reason, reason);
  });

  it('can be aborted alone, and stops listening when it leaves', () => {
    const whole = new ListenedStop();
    const [stopped, left] = [new LinkedAbort(whole), new LinkedAbort(whole)];
    stopped.abort(new Error('a part of it'));
    assert.equal(whole.aborted, false);
    left.leave();
    stopped.leave();
    assert.equal(whole.listeners, 0);
    whole.abort();
    assert.equal(left.aborted, false);
    assert.equal(stopped.reason.message, 'a part of it');
  });
});

describe('rejectOnAbort', () => {
  const reason = new Error('the flow was stopped');

  it('settles as the promise does, and leaves no listener', async () => {
    const stop = new Abort();
    const signal = new ListenedStop();
    assert.equal(await rejectOnAbort(Promise.resolve(7), stop, reason), 7);
    assert.equal(await rejectOnAbort(Promise.resolve(7), signal, reason), 7);
    await assert.rejects(rejectOnAbort(Promise.reject(new Error('bad')), signal, reason), /bad/);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(signal.listeners, 0);
    assert.equal(signal.total, 2);
  });

  it('rejects when the signal is aborted, whatever the promise does', async () => {
    const stop = new Abort();
    const waiting = rejectOnAbort(new Promise(() => undefined), stop, reason);
    stop.abort();
    await assert.rejects(waiting, reason);
  });
});
