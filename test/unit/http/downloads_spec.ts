import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mock } from 'node:test';
import { gzipSync } from 'node:zlib';
import { listen } from '../../../harness/ports';
import { loadUndici } from '../../../nodes/http/dispatcher';
import { Downloader, type Download } from '../../../nodes/http/downloads';
import { ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

/** A service on this computer, so that documents may be there, too. */
const LOCAL_SERVICE = 'http://127.0.0.1:1';
const OPTIONS = { connections: 1, connectTimeoutMs: 2000 };

describe('a document that an answer of the service names', () => {
  before(() => loadUndici());
  let downloads: Downloader | undefined;
  const fetch = (url: string, timeoutMs = 2000, wait?: (ms: number) => Promise<void>): Promise<Download> => {
    downloads = new Downloader(LOCAL_SERVICE, OPTIONS, 'test/1', wait);
    return downloads.fetch(url, timeoutMs, new AbortController().signal);
  };
  afterEach(() => downloads?.close());

  it('is not waited for longer than asked', async () => {
    const silent = createServer(() => undefined);
    const port = await listen(silent, 0);
    try {
      const result = await fetch(`http://127.0.0.1:${port}/x`, 50);
      assert.ok('problem' in result);
      assertSentence(result.problem);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  for (const [status, visits] of [
    [403, 1],
    [503, 3],
  ] as const) {
    it(`is asked for ${visits} times when its host answers ${status}`, async () => {
      let seen = 0;
      const host = createServer((_request, response) => {
        seen++;
        response.writeHead(status).end();
      });
      const port = await listen(host, 0);
      try {
        const result = await fetch(`http://127.0.0.1:${port}/x`, 2000, () => Promise.resolve());
        assert.ok('problem' in result);
        assert.match(result.problem, new RegExp(`HTTP ${status}`));
        assert.equal(seen, visits);
      } finally {
        host.closeAllConnections();
        host.close();
      }
    });
  }

  describe('that cannot be used', () => {
    const tooLarge = gzipSync(Buffer.alloc(8 * 2 ** 20 + 1), { level: 1 });
    for (const [what, body, encoding] of [
      ['too large', tooLarge, 'gzip'],
      ['damaged', Buffer.from('not gzip'), 'gzip'],
      ['in an unknown coding', Buffer.from('rows'), 'zstd'],
    ] as const) {
      it(`is reported: ${what}`, async () => {
        const service = await ScriptedServer.start();
        service.respondWith([200, body, { 'content-encoding': encoding }]);
        const result = await fetch(`${service.origin}/x`);
        await service.stop();
        assert.ok('problem' in result);
        assertSentence(result.problem);
      });
    }
  });

  describe('is asked for again', () => {
    let service: ScriptedServer;
    beforeEach(async () => (service = await ScriptedServer.start()));
    afterEach(() => service.stop());

    /** Fetches it; what comes of it, and how long it was to wait between the attempts. */
    async function waits(...answers: ScriptedResponse[]): Promise<{ result: Download; ms: number[] }> {
      service.respondWith(...answers);
      const stalls = answers.some((answer) => typeof answer === 'function');
      const ms: number[] = [];
      const wait = (waitMs: number): Promise<void> => Promise.resolve(void ms.push(waitMs));
      const result = await fetch(`${service.origin}/x`, stalls ? 50 : 2000, wait);
      return { result, ms };
    }

    for (const [status, after] of [
      [429, '7'],
      [503, '100'],
    ] as const) {
      it(`when its host asks for it: ${status}`, async () => {
        const { result, ms } = await waits([status, '', { 'retry-after': after }], [200, 'rows']);
        assert.deepEqual([result, ms], [{ text: 'rows' }, [Number(after) * 1000]]);
        assert.equal(service.requests[0]!.headers['accept'], '*/*');
        assert.equal(service.requests[0]!.headers['user-agent'], 'test/1');
      });
    }

    for (const [what, status, after] of [
      ['another status', 500, '7'],
      ['a time that is over', 503, '0'],
      ['no time', 429, undefined],
      ['a network failure', 0, undefined],
    ] as const) {
      it(`after the usual back-off: ${what}`, async () => {
        mock.method(Math, 'random', () => 0.5);
        try {
          const headers = after === undefined ? {} : { 'retry-after': after };
          const answer: ScriptedResponse = status === 0 ? 'reset' : [status, '', headers];
          const { result, ms } = await waits(answer, answer, [200, 'rows']);
          assert.deepEqual([result, ms], [{ text: 'rows' }, [250, 500]]);
        } finally {
          mock.restoreAll();
        }
      });
    }

    for (const after of ['301', '110', '120']) {
      const times = after === '110' ? 1 : 0;
      it(`${times} times when its host wants ${after} s: two minutes are for all attempts`, async () => {
        const { result, ms } = await waits([429, '', { 'retry-after': after }], [200, 'rows']);
        assert.equal(ms.length, times);
        assert.deepEqual(result, times === 1 ? { text: 'rows' } : { problem: 'its host responds with HTTP 429' });
      });
    }

    it('not when the waits of its attempts together are too long', async () => {
      const busy: ScriptedResponse = [503, '', { 'retry-after': '70' }];
      const { result, ms } = await waits(busy, busy, [200, 'rows']);
      assert.deepEqual([result, ms], [{ problem: 'its host responds with HTTP 503' }, [70_000]]);
      assert.equal(service.requests.length, 2);
    });

    it('not after it stalled', async () => {
      const { result, ms } = await waits(() => undefined);
      assert.deepEqual(ms, []);
      assert.match(JSON.stringify(result), /no response within 0.05 s/);
      assert.equal(service.requests.length, 1);
    });

    it('not a fourth time', async () => {
      const { result, ms } = await waits('reset', 'reset', 'reset', [200, 'rows']);
      assert.equal(ms.length, 2);
      assert.match(JSON.stringify(result), /it could not be fetched \(/);
      assert.equal(service.requests.length, 3);
    });

    it('not once it is aborted', async () => {
      const stop = new AbortController();
      service.respondWith(() => stop.abort(new Error('stopped')));
      const ms: number[] = [];
      downloads = new Downloader(LOCAL_SERVICE, OPTIONS, 'test/1', (waitMs) => Promise.resolve(void ms.push(waitMs)));
      await assert.rejects(downloads.fetch(`${service.origin}/x`, 2000, stop.signal), /stopped/);
      assert.deepEqual(ms, []);
    });

    it('and its wait is shown until it is over', async () => {
      service.respondWith([500], [200, 'rows']);
      const shown: unknown[] = [];
      const wait = (): Promise<void> => Promise.resolve(void shown.push('wait'));
      downloads = new Downloader(LOCAL_SERVICE, OPTIONS, 'test/1', wait);
      const { signal } = new AbortController();
      await downloads.fetch(`${service.origin}/x`, 2000, signal, (waiting) => shown.push(waiting));
      assert.deepEqual(shown, [true, 'wait', false]);
    });

    it('not once it is closed', async () => {
      await waits([200, 'rows']);
      await downloads!.close();
      const { signal } = new AbortController();
      const result = await downloads!.fetch(`${service.origin}/x`, 200, signal);
      assert.match(JSON.stringify(result), /it could not be fetched/);
      assert.equal(service.requests.length, 1);
    });
  });
});

describe('several documents', () => {
  let service: ScriptedServer;
  let downloads: Downloader;
  beforeEach(async () => {
    service = await ScriptedServer.start();
    downloads = new Downloader(LOCAL_SERVICE, OPTIONS, 'test/1');
  });
  afterEach(async () => {
    await downloads.close();
    await service.stop();
  });

  it('are fetched four at a time, and a stopped one leaves its place', async () => {
    const held: (() => void)[] = [];
    const hold: ScriptedResponse = (_request, response) => held.push(() => response.end('rows'));
    service.respondWith(...Array<ScriptedResponse>(6).fill(hold));
    const stop = new AbortController();
    const waiting = new AbortController();
    const fetch = (signal: AbortSignal): Promise<Download> => downloads.fetch(`${service.origin}/x`, 2000, signal);
    const stopped = fetch(stop.signal);
    const others = [1, 2, 3].map(() => fetch(new AbortController().signal));
    const fifth = fetch(waiting.signal);
    const sixth = fetch(new AbortController().signal);
    while (held.length < 4) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(service.requests.length, 4);
    waiting.abort(new Error('stopped'));
    await assert.rejects(fifth, /stopped/);
    stop.abort(new Error('stopped'));
    await assert.rejects(stopped, /stopped/);
    while (held.length < 5) await new Promise((resolve) => setImmediate(resolve));
    for (const release of held) release();
    assert.deepEqual(await Promise.all([...others, sixth]), Array(4).fill({ text: 'rows' }));
  });
});
