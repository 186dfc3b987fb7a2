import assert from 'node:assert/strict';
import type { Api } from '../../../nodes/api/api';
import type { ApiRequest, ApiResponse } from '../../../nodes/api/request';
import { allDevices, eachDevice, eachPage, listDevices, type Listing } from '../../../nodes/operations/list-devices';
import { errorOf } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const ALL = { query: '', tag: '', limit: 0 };
const SOURCE = { query: 'msg.query', tag: 'msg.tag' };
const device = (id: number, ...tags: string[]) => ({ id, tags });

describe('list devices', () => {
  /** The query of each request. */
  let queries: string[];
  beforeEach(() => (queries = []));

  /** Lists the devices of a service that has these pages. */
  function list(pages: unknown[][], listing: Partial<Listing> = {}): ReturnType<typeof listDevices> {
    const send = (operation: string, { query, parse }: ApiRequest): Promise<ApiResponse> => {
      assert.equal(operation, 'list devices');
      const index = queries.push(String(query)) - 1;
      const next = index + 1 < pages.length ? { pageNextToken: `page${index + 1}` } : {};
      return Promise.resolve({ statusCode: 200 + index, body: parse({ items: pages[index], ...next }, 200) });
    };
    return listDevices({ send } as unknown as Api, { ...ALL, ...listing }, SOURCE);
  }

  async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
    const all: T[] = [];
    for await (const item of items) all.push(item);
    return all;
  }

  it('list devices: gives the devices of each page, and sends the parameters of the query', async () => {
    assert.deepEqual(await collect(list([[1, 2], [3]], { query: 'a=b' })), [
      { devices: [1, 2], statusCode: 200, last: false },
      { devices: [3], statusCode: 201, last: true },
    ]);
    assert.deepEqual(queries, ['a=b', 'a=b&pageNextToken=page1']);
  });

  it('list devices: gives the devices that carry a tag', async () => {
    const pages = [[device(1, 'a'), device(2, 'b'), { id: 3 }, 'x'], [device(4, 'b', 'a')]];
    const found = await collect(list(pages, { tag: ' a ' }));
    assert.deepEqual(
      found.map(({ devices }) => devices),
      [[device(1, 'a')], [device(4, 'b', 'a')]],
    );
  });

  for (const tag of ['', '  ']) {
    it(`list devices: the tag ${JSON.stringify(tag)} is no filter`, async () => {
      assert.equal((await collect(list([[device(1)]], { tag })))[0]!.devices.length, 1);
    });
  }

  for (const [pages, limit, devices] of [
    [[[1, 2], [3, 4], [5]], 3, [[1, 2], [3]]],
    [[[1, 2], [3, 4], [5]], 2, [[1, 2]]],
    [[[1, 2], [3]], 9, [[1, 2], [3]]],
  ] as const) {
    it(`list devices: ends after ${limit} devices of ${JSON.stringify(pages)}`, async () => {
      const found = await collect(list(pages as unknown as unknown[][], { limit }));
      assert.deepEqual(
        found.map((page) => page.devices),
        devices,
      );
      assert.deepEqual(
        found.map(({ last }) => last),
        devices.map((_, index) => index === devices.length - 1),
      );
      assert.equal(queries.length, devices.length);
    });
  }

  it('list devices: the limit counts the devices with the tag', async () => {
    const pages = [[device(1), device(2, 'a')], [device(3, 'a'), device(4, 'a')], [device(5, 'a')]];
    const found = await collect(list(pages, { tag: 'a', limit: 2 }));
    assert.deepEqual(
      found.map(({ devices }) => devices),
      [[device(2, 'a')], [device(3, 'a')]],
    );
  });

  for (const [what, listing, isRequested] of [
    ['all devices', {}, true],
    ['all devices with a tag', { tag: 'a' }, true],
    ['more devices than the page has', { limit: 3 }, true],
    ['as many devices as the page has', { limit: 2 }, false],
    ['fewer devices than the page has', { limit: 1 }, false],
    ['more devices with a tag than the page has', { tag: 'a', limit: 2 }, true],
    ['as many devices with a tag as the page has', { tag: 'a', limit: 1 }, false],
  ] as const) {
    it(`list devices: ${isRequested ? 'requests' : 'does not request'} the next page early for ${what}`, async () => {
      const pages = list([[device(1, 'a'), device(2, 'b')], [device(3, 'a')]], listing);
      await pages.next();
      assert.equal(queries.length, isRequested ? 2 : 1);
      await pages.return();
    });
  }

  for (const [source, listing] of [
    ['msg.tag', { tag: undefined }],
    ['msg.tag', { tag: null }],
    ['msg.tag', { tag: 7 }],
    ['msg.query', { query: 7 }],
  ] as const) {
    it(`list devices: refuses ${source} if it is ${String(Object.values(listing)[0])}`, async () => {
      const { code, message, cause } = await errorOf(collect(list([[1]], listing)));
      assert.deepEqual([code, cause.operation], ['NRFCLOUD_INVALID_INPUT', 'list devices']);
      assertSentence(message);
      assert.deepEqual(queries, []);
    });
  }

  it('list devices: each device alone has its index, and the last one the count', async () => {
    assert.deepEqual((await collect(eachDevice(list([['a', 'b'], [], ['c']])))).flat(), [
      { payload: 'a', statusCode: 200, part: { index: 0 } },
      { payload: 'b', statusCode: 200, part: { index: 1 } },
      { payload: 'c', statusCode: 202, part: { index: 2, count: 3 } },
    ]);
  });

  it('list devices: pages without a device are left out, but not the last one', async () => {
    assert.deepEqual((await collect(eachPage(list([['a'], [], ['b'], []])))).flat(), [
      { payload: ['a'], statusCode: 200, part: { index: 0 } },
      { payload: ['b'], statusCode: 202, part: { index: 1 } },
      { payload: [], statusCode: 203, part: { index: 2, count: 3 } },
    ]);
  });

  it('list devices: at most a million devices are held at once, but any number passes in pages', async () => {
    const pages = Array<unknown[]>(11).fill(Array<number>(100_000).fill(0));
    const countAll = async (): Promise<number> => ((await allDevices(list(pages))).payload as unknown[]).length;
    const { code, message, cause } = await errorOf(countAll());
    assert.deepEqual([code, cause.operation], ['NRFCLOUD_BAD_RESPONSE', 'list devices']);
    assertSentence(message);
    queries = [];
    assert.equal((await collect(eachPage(list(pages)))).length, 11);
    queries = [];
    pages.pop();
    assert.equal(await countAll(), 1_000_000);
  });

  it('list devices: all devices at once have the status of the last page', async () => {
    assert.deepEqual(await allDevices(list([['a'], ['b', 'c']])), { payload: ['a', 'b', 'c'], statusCode: 201 });
  });
});
