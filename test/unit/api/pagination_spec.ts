import assert from 'node:assert/strict';
import type { Api } from '../../../nodes/api/api';
import { nextPageToken, parseItems, readPages, type Page, type PageOptions } from '../../../nodes/api/pagination';
import type { ApiRequest } from '../../../nodes/api/request';
import { errorOf, ScriptedServer } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const FIRST = { items: [1], pageNextToken: 'p', more: true };
const LAST = { items: [2] };

describe('readPages', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());
  const readAll = async (options?: PageOptions): Promise<Page[]> => {
    const pages: Page[] = [];
    for await (const page of readPages(service.api(), 'list devices', options)) pages.push(page);
    return pages;
  };

  it('gives each page as received, and which one is the last', async () => {
    service.respondWith([200, FIRST], [206, LAST]);
    assert.deepEqual(await readAll(), [
      { items: [1], body: FIRST, statusCode: 200, last: false },
      { items: [2], body: LAST, statusCode: 206, last: true },
    ]);
    assert.deepEqual(service.lines, ['GET /claimed-devices', 'GET /claimed-devices?pageNextToken=p']);
  });

  it('requests a page again after a failure, unless each is to be requested once', async () => {
    service.respondWith([500], [200, []], [500]);
    assert.equal((await readAll()).length, 1);
    assert.equal((await errorOf(readAll({ sendOnce: true }))).cause.attempts, 1);
  });

  it('does not change the query that it is given', async () => {
    service.respondWith([200, FIRST], [200, LAST]);
    const query = new URLSearchParams({ pageLimit: '5' });
    await readAll({ query });
    assert.equal(query.toString(), 'pageLimit=5');
    assert.equal(service.lines[1], 'GET /claimed-devices?pageLimit=5&pageNextToken=p');
  });

  for (const token of [{ LastEvaluatedKey: 'x' }, ['x'], true]) {
    it(`refuses a next page that cannot be requested: ${JSON.stringify(token)}`, async () => {
      service.respondWith([200, { items: [1], pageNextToken: token }]);
      const { code, message } = await errorOf(readAll());
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assertSentence(message);
    });
  }

  for (const token of ['p', 'q']) {
    it(`refuses a next page that was read before: ${token}`, async () => {
      service.respondWith([200, FIRST], [200, { items: [], pageNextToken: token }]);
      const { code, message } = await errorOf(readAll({ query: new URLSearchParams({ pageNextToken: 'q' }) }));
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assertSentence(message);
    });
  }

  for (const [status, mayBeEmpty, isList] of [
    [200, undefined, false],
    [204, undefined, false],
    [200, false, false],
    [200, 204, false],
    [204, 204, true],
    [200, true, true],
  ] as const) {
    it(`an empty body with HTTP ${status} is ${isList ? 'a' : 'no'} list with mayBeEmpty: ${mayBeEmpty}`, async () => {
      service.respondWith([status]);
      const pages = readAll(mayBeEmpty === undefined ? {} : { mayBeEmpty });
      if (isList) assert.deepEqual(await pages, [{ items: [], body: undefined, statusCode: status, last: true }]);
      else assert.equal((await errorOf(pages)).code, 'NRFCLOUD_BAD_RESPONSE');
    });
  }

  describe('a list without an end', () => {
    /** Reads a list whose every page names another one. @returns the numbers of pages and items that were read */
    async function readEndless(items: (page: number) => unknown[], options?: PageOptions): Promise<[number, number]> {
      let sent = 0;
      const send = (_operation: string, { parse }: ApiRequest): Promise<unknown> => {
        const body = { items: items(++sent), pageNextToken: `${sent}` };
        return Promise.resolve({ statusCode: 200, body: parse(body, 200) });
      };
      const read: [pages: number, items: number] = [0, 0];
      for await (const page of readPages({ send } as unknown as Api, 'list devices', options)) {
        read[0]++;
        read[1] += page.items.length;
        if (read[0] === 3000) break;
      }
      return read;
    }

    it('is an error after 1000 empty pages in a row', async () => {
      assertSentence((await errorOf(readEndless(() => []))).message);
      assert.deepEqual(await readEndless((page) => (page % 1000 === 0 ? [page] : [])), [3000, 3]);
    });

    it('is an error after a million items, unless there is another maximum', async () => {
      const thousand = Array<number>(1000).fill(0);
      assertSentence((await errorOf(readEndless(() => thousand))).message);
      assert.deepEqual(await readEndless(() => thousand, { maxItems: Infinity }), [3000, 3_000_000]);
    });

    it('may have just as many items', async () => {
      service.respondWith([200, FIRST], [200, LAST]);
      assert.equal((await readAll({ maxItems: 2 })).length, 2);
      service.respondWith([200, FIRST], [200, LAST]);
      const { code, message } = await errorOf(readAll({ maxItems: 1 }));
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assertSentence(message);
    });
  });

  describe('prefetch', () => {
    let requests: number;
    let bodies: unknown[];
    const api = {
      send: (_operation: string, { parse }: ApiRequest) => {
        requests++;
        const body = bodies.shift();
        return body instanceof Error
          ? Promise.reject(body)
          : Promise.resolve({ statusCode: 200, body: parse(body, 200) });
      },
    } as unknown as Api;
    beforeEach(() => {
      requests = 0;
      bodies = [FIRST, LAST];
    });

    it('without it, a page is requested when the one before it was used', async () => {
      for (const prefetch of [undefined, () => false]) {
        bodies = [FIRST, LAST];
        const pages = readPages(api, 'list devices', prefetch === undefined ? {} : { prefetch });
        requests = 0;
        await pages.next();
        assert.equal(requests, 1);
        await pages.next();
        assert.equal(requests, 2);
      }
    });

    it('with it, a page is requested while the one before it is used, and once', async () => {
      const asked: unknown[] = [];
      const pages = readPages(api, 'list devices', { prefetch: ({ items }) => asked.push(items) > 0 });
      await pages.next();
      assert.equal(requests, 2);
      const { value } = await pages.next();
      assert.deepEqual([value?.items, value?.last, requests], [[2], true, 2]);
      assert.deepEqual(asked, [[1]]);
      assert.equal((await pages.next()).done, true);
    });

    it('an error of the next page is reported when that page is needed', async () => {
      const failure = new Error('failed');
      bodies = [FIRST, failure];
      const pages = readPages(api, 'list devices', { prefetch: () => true });
      assert.equal((await pages.next()).done, false);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(await errorOf(pages.next()), failure);
    });
  });
});

describe('parseItems', () => {
  it('gives the items of an object, or a bare array', () => {
    assert.deepEqual(parseItems({ items: [1] }), [1]);
    assert.deepEqual(parseItems([1]), [1]);
  });

  for (const body of [undefined, null, {}, { items: {} }, 'text']) {
    it(`refuses ${JSON.stringify(body)}`, () => {
      assert.throws(() => parseItems(body), { name: 'InvalidValue', message: 'is not a list' });
    });
  }
});

describe('nextPageToken', () => {
  for (const [body, token] of [
    [{ pageNextToken: 'p' }, 'p'],
    [{ pageNextToken: 0 }, '0'],
    [{ pageNextToken: '' }, undefined],
    [{ pageNextToken: null }, undefined],
    [{ pageNextToken: false }, undefined],
    [{}, undefined],
    [[], undefined],
    [undefined, undefined],
  ] as const) {
    it(`${JSON.stringify(body)}: ${token === undefined ? 'no page follows' : token}`, () => {
      assert.equal(nextPageToken(body), token);
    });
  }
});
