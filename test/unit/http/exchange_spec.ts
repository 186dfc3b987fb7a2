import assert from 'node:assert/strict';
import type { Dispatcher } from 'undici';
import { exchange, isSuccess, type HttpResponse } from '../../../nodes/http/exchange';
import { ExchangeError } from '../../../nodes/http/exchange-error';
import { ListenedStop } from '../../support/listened-stop';

/** A connection on which the test says what happens to the one request. */
class PlayedDispatcher {
  handler!: Required<Dispatcher.DispatchHandler>;
  readonly aborted: string[] = [];
  /** Of the next response. */
  headers: Record<string, string> = {};
  readonly controller = { abort: (reason: Error) => this.aborted.push(reason.message) } as never;

  dispatch(_options: object, handler: Dispatcher.DispatchHandler): boolean {
    this.handler = handler as Required<Dispatcher.DispatchHandler>;
    return true;
  }

  starts(): void {
    this.handler.onRequestStart(this.controller, {});
  }

  answers(statusCode: number, ...chunks: (string | Buffer)[]): void {
    this.starts();
    this.handler.onResponseStart(this.controller, statusCode, this.headers, '');
    for (const chunk of chunks) this.handler.onResponseData(this.controller, Buffer.from(chunk));
  }

  fails(error: Error): void {
    this.handler.onResponseError(this.controller, error);
  }

  ends(): void {
    this.handler.onResponseEnd(this.controller, {});
  }
}

describe('exchange', () => {
  let dispatcher: PlayedDispatcher;
  let signal: ListenedStop;
  beforeEach(() => {
    dispatcher = new PlayedDispatcher();
    signal = new ListenedStop();
  });
  // However it ends, nobody listens any more.
  afterEach(() => assert.equal(signal.listeners, 0));

  function send(timeoutMs = 10_000): Promise<HttpResponse> {
    const request = { method: 'GET', path: '/', headers: {} };
    const limits = { success: 10, error: 4 };
    return exchange(dispatcher as unknown as Dispatcher, 'http://host', request, timeoutMs, limits, signal);
  }

  const failed = async (
    sent: Promise<unknown>,
  ): Promise<Pick<ExchangeError, 'kind' | 'mayHaveBeenSent' | 'message'>> => {
    const error = await sent.then(
      () => assert.fail('it succeeded'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ExchangeError);
    return { kind: error.kind, mayHaveBeenSent: error.mayHaveBeenSent, message: error.message };
  };

  it('returns a response in any number of parts', async () => {
    const sent = send();
    dispatcher.handler.onResponseStart(dispatcher.controller, 103, { early: 'hint' }, '');
    const [first, second] = [Buffer.from('ä€').subarray(0, 3), Buffer.from('ä€').subarray(3)];
    dispatcher.answers(200, first, second);
    dispatcher.ends();
    assert.deepEqual(await sent, { statusCode: 200, headers: {}, text: 'ä€' });
    const empty = send();
    dispatcher.answers(204);
    dispatcher.ends();
    assert.deepEqual(await empty, { statusCode: 204, headers: {}, text: '' });
    assert.deepEqual(dispatcher.aborted, []);
  });

  for (const [status, most, kept] of [
    [200, 10, 4],
    [404, 4, 4],
  ] as const) {
    it(`reads ${most} bytes of the body of a ${status}, and no more`, async () => {
      const whole = send();
      dispatcher.answers(status, 'x', 'y'.repeat(most - 1));
      dispatcher.ends();
      assert.deepEqual(await whole, { statusCode: status, headers: {}, text: `x${'y'.repeat(most - 1)}` });
      const cut = send();
      dispatcher.answers(status, 'xy', 'z'.repeat(most - 1));
      assert.deepEqual(await cut, { statusCode: status, headers: {}, text: 'xyzz'.slice(0, kept), truncated: 'size' });
      assert.deepEqual(dispatcher.aborted, ['body too large']);
      // What comes of that is no news any more.
      dispatcher.fails(new Error('aborted'));
    });
  }

  it('exchange: an empty body has no content coding to undo', async () => {
    const sent = send();
    dispatcher.headers = { 'content-encoding': 'zstd' };
    dispatcher.answers(200);
    dispatcher.ends();
    assert.deepEqual(await sent, { statusCode: 200, headers: dispatcher.headers, text: '' });
  });

  it('exchange: a body that cannot be decompressed is reported', async () => {
    const sent = send();
    dispatcher.headers = { 'content-encoding': 'zstd' };
    dispatcher.answers(200, 'x');
    dispatcher.ends();
    assert.equal((await sent).truncated, 'encoding');
  });

  it('exchange: an interim response is not the response when the connection is lost after it', async () => {
    const sent = send();
    dispatcher.starts();
    dispatcher.handler.onResponseStart(dispatcher.controller, 103, {}, '');
    dispatcher.fails(new Error('lost'));
    assert.deepEqual(await failed(sent), { kind: 'network', mayHaveBeenSent: true, message: 'lost' });
  });

  it('ends in time, and tells what has come of an error', async () => {
    const silent = send(20);
    dispatcher.starts();
    assert.deepEqual(await failed(silent), {
      kind: 'timeout',
      mayHaveBeenSent: true,
      message: 'no response within 0.02 s',
    });
    const unconnected = send(20);
    const { kind, mayHaveBeenSent } = await failed(unconnected);
    assert.deepEqual([kind, mayHaveBeenSent], ['timeout', false]);
    const success = send(20);
    dispatcher.answers(200, 'a');
    assert.equal((await failed(success)).kind, 'timeout');
    const error = send(20);
    dispatcher.answers(500, 'a');
    assert.deepEqual(await error, { statusCode: 500, headers: {}, text: 'a', truncated: 'time' });
    assert.equal(dispatcher.aborted.length, 3);
  });

  it('does not let a request out whose time was over before there was a connection', async () => {
    await failed(send(10));
    dispatcher.starts();
    assert.deepEqual(dispatcher.aborted, ['ended']);
  });

  it('tells what has come of an error when the connection is lost', async () => {
    const error = send();
    dispatcher.answers(500, 'a');
    dispatcher.fails(new Error('lost'));
    assert.deepEqual(await error, { statusCode: 500, headers: {}, text: 'a', truncated: 'connection' });
    const success = send();
    dispatcher.answers(200, 'a');
    dispatcher.fails(new Error('lost'));
    assert.deepEqual(await failed(success), { kind: 'network', mayHaveBeenSent: true, message: 'lost' });
  });

  it('exchange: a request that fails may have arrived only if it was handed to a connection', async () => {
    const error = Object.assign(new Error('unreachable'), { code: 'EHOSTUNREACH' });
    for (const started of [false, true]) {
      const sent = send();
      if (started) dispatcher.starts();
      dispatcher.fails(error);
      assert.deepEqual(await failed(sent), { kind: 'network', mayHaveBeenSent: started, message: 'unreachable' });
    }
  });

  it('takes what can not be sent for never sent', async () => {
    dispatcher.dispatch = () => {
      throw new Error('invalid path');
    };
    assert.deepEqual(await failed(send()), { kind: 'network', mayHaveBeenSent: false, message: 'invalid path' });
  });

  it('is stopped by its signal, before, without and with a connection', async () => {
    const [early, late] = [send(), send()];
    dispatcher.starts();
    signal.abort(new Error('stopped'));
    await assert.rejects(early, /stopped/);
    await assert.rejects(late, /stopped/);
    assert.deepEqual(dispatcher.aborted, ['stopped']);
    dispatcher.dispatch = () => assert.fail('it was sent');
    await assert.rejects(send(), /stopped/);
  });
});

describe('isSuccess', () => {
  it('is true for 200 to 299', () => {
    assert.deepEqual([199, 200, 299, 300].map(isSuccess), [false, true, true, false]);
  });
});
