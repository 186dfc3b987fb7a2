import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mock } from 'node:test';
import { listen } from '../../../harness/ports';
import { Downloader, type Download } from '../../../nodes/http/downloads';
import { ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

/** A service on this computer, so that documents may be there, too. */
const LOCAL_SERVICE = 'http://127.0.0.1:1';
const OPTIONS = { connections: 1, connectTimeoutMs: 2000 };

describe('a document that an answer of the service names', () => {
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
        const result = await fetch(`http://127.0.0.1:${port}/x`);
        assert.ok('problem' in result);
        assert.match(result.problem, new RegExp(`HTTP ${status}`));
        assert.equal(seen, visits);
      } finally {
        host.closeAllConnections();
        host.close();
      }
    });
  }

  describe('is asked for again', () => {
    let service: ScriptedServer;
    beforeEach(async () => (service = await ScriptedServer.start()));
    afterEach(() => service.stop());

    /** Fetches it; what comes of it, and how long it was to wait between the attempts. */
    async function waits(...answers: ScriptedResponse[]): Promise<{ result: Download; ms: number[] }> {
      service.respondWith(...answers);
      const ms: number[] = [];
      const wait = (waitMs: number): Promise<void> => Promise.resolve(void ms.push(waitMs));
      const result = await fetch(`${service.origin}/x`, 200, wait);
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

    it('not when its host wants more time than anybody waits, nor after it stalled, nor a fourth time', async () => {
      const late = await waits([429, '', { 'retry-after': '301' }]);
      assert.deepEqual([late.result, late.ms], [{ problem: 'its host responds with HTTP 429' }, []]);
      const stalled = await waits(() => undefined);
      assert.deepEqual(stalled.ms, []);
      assert.match(JSON.stringify(stalled.result), /no response within 0.2 s/);
      const lost = await waits('reset', 'reset', 'reset');
      assert.equal(lost.ms.length, 2);
      assert.match(JSON.stringify(lost.result), /it could not be fetched \(/);
      assert.equal(service.requests.length, 5);
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
