import assert from 'node:assert/strict';
import type { Api } from '../../../nodes/api/api';
import { OnboardedLookUp } from '../../../nodes/operations/onboarded-look-up';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';

const page = (...ids: string[]): ScriptedResponse => [200, { items: ids.map((id) => ({ id })) }];
const cutPage = (...ids: string[]): ScriptedResponse => [
  200,
  { items: ids.map((id) => ({ id })), pageNextToken: 'next' },
];

describe('OnboardedLookUp', () => {
  let service: ScriptedServer;
  let api: Api;
  let lookUp: OnboardedLookUp;
  let now: number;
  beforeEach(async () => {
    now = 0;
    service = await ScriptedServer.start({ backOff: false });
    api = service.api({ deviceApiUrl: service.origin });
    lookUp = new OnboardedLookUp();
  });
  afterEach(() => service.stop());

  const requested = (): (string[] | undefined)[] =>
    service.requests.map(({ url }) => new URL(url, 'http://x').searchParams.get('deviceIds')?.split(','));
  const request = async (...ids: string[]): Promise<[string[], boolean]> => {
    const { devices, provesAbsence } = await lookUp.request(api, ids, false, now);
    return [[...devices.keys()], provesAbsence];
  };

  it('OnboardedLookUp: a batch holds 99 devices, as one more is known to be onboarded', () => {
    assert.deepEqual([lookUp.batchSize, lookUp.isProven], [99, false]);
  });

  it('OnboardedLookUp: any device in a response proves that batches work, and is requested with later ones', async () => {
    service.respondWith(page('b'), page('b'), page('b'));
    assert.deepEqual(await request('a', 'b'), [['b'], true]);
    assert.deepEqual([lookUp.batchSize, lookUp.isProven], [99, true]);
    assert.deepEqual(await request('c'), [['b'], true]);
    await request('d');
    assert.deepEqual(requested(), [
      ['a', 'b'],
      ['c', 'b'],
      ['b', 'd'],
    ]);
  });

  it('OnboardedLookUp: a known device that is in the batch is not requested twice', async () => {
    lookUp.learn('A');
    lookUp.learn('other');
    service.respondWith(page('a'));
    assert.deepEqual(await request('b', 'A'), [['a'], true]);
    assert.deepEqual(requested(), [['b', 'A']]);
  });

  it('OnboardedLookUp: an empty response proves nothing as long as no device is known', async () => {
    service.respondWith(page(), page(), page(), page());
    for (let i = 0; i < 4; i++) assert.deepEqual(await request('a'), [[], false]);
    assert.deepEqual([lookUp.batchSize, lookUp.isProven], [99, false]);
  });

  it('OnboardedLookUp: batches are given up if the known device is missing three times', async () => {
    for (const id of ['x', 'y', 'z']) {
      assert.equal(lookUp.batchSize, 99);
      lookUp.learn(id);
      service.respondWith(page());
      assert.deepEqual(await request('a'), [[], false]);
    }
    assert.deepEqual([lookUp.batchSize, lookUp.isProven], [1, false]);
  });

  it('OnboardedLookUp: a response without the known device proves nothing, though it has others', async () => {
    lookUp.learn('known');
    service.respondWith(page('a'));
    assert.deepEqual(await request('a', 'b'), [['a'], false]);
    assert.equal(lookUp.isProven, false);
  });

  it('OnboardedLookUp: misses are counted anew after a batch that worked', async () => {
    for (let round = 0; round < 3; round++) {
      lookUp.learn('x');
      service.respondWith(page(), page('a'));
      await request('a');
      await request('a');
      service.respondWith(page());
      await request('c');
    }
    assert.equal(lookUp.batchSize, 99);
  });

  it('OnboardedLookUp: batches are given up if a device comes that was not requested', async () => {
    service.respondWith(page('a', 'foreign'));
    assert.deepEqual(await request('a'), [['a'], false]);
    assert.deepEqual([lookUp.batchSize, lookUp.isProven], [1, false]);
  });

  for (const refusal of [[400], [404], [200, { items: 7 }]] as [number, string?][]) {
    it(`OnboardedLookUp: batches are given up after ${JSON.stringify(refusal)}`, async () => {
      service.respondWith(refusal);
      const { devices, statusCode, provesAbsence } = await lookUp.request(api, ['a'], false, now);
      assert.deepEqual([devices.size, statusCode, provesAbsence], [0, refusal[0], false]);
      assert.equal(lookUp.batchSize, 1);
    });
  }

  for (const [strange, code] of [
    [[408], 'NRFCLOUD_REJECTED'],
    [[425], 'NRFCLOUD_REJECTED'],
    [[302], 'NRFCLOUD_BAD_RESPONSE'],
    [[404, '<html>'], 'NRFCLOUD_NOT_FOUND'],
    [[200, '<!doctype html>'], 'NRFCLOUD_BAD_RESPONSE'],
  ] as [[number, string?], string][]) {
    it(`OnboardedLookUp: ${JSON.stringify(strange)} is thrown, and batches stay`, async () => {
      service.respondWith(page('a'), strange, page('a'));
      await request('a');
      assert.equal((await errorOf(lookUp.request(api, ['b'], false, now))).code, code);
      assert.deepEqual([lookUp.batchSize, lookUp.isProven], [99, true]);
      assert.deepEqual(await request('b'), [['a'], true]);
    });
  }

  it('OnboardedLookUp: devices are looked up singly while batches get only web pages for five minutes', async () => {
    service.respondWith([200, '<html>'], [404, '<html>'], [200, '<html>'], page('a'), [200, '<html>']);
    await errorOf(request('a'));
    now = 299_999;
    await errorOf(request('a'));
    now = 300_000;
    assert.deepEqual(await request('a'), [[], false]);
    assert.equal(lookUp.batchSize, 99);
    assert.deepEqual(await request('a'), [['a'], true]);
    assert.equal((await errorOf(request('a'))).code, 'NRFCLOUD_BAD_RESPONSE');
  });

  it('OnboardedLookUp: another failure is thrown, and batches stay', async () => {
    service.respondWith([401]);
    assert.equal((await errorOf(lookUp.request(api, ['a'], false, now))).code, 'NRFCLOUD_UNAUTHORIZED');
    assert.equal(lookUp.batchSize, 99);
  });

  it('OnboardedLookUp: a page that is cut proves no absence, and is the largest batch from then on', async () => {
    service.respondWith(cutPage('a', 'b', 'c'), cutPage('a', 'b', 'c', 'd'), cutPage('a'), cutPage());
    assert.deepEqual(await request('a', 'b', 'c', 'd'), [['a', 'b', 'c'], false]);
    assert.equal(lookUp.batchSize, 2);
    await request('a', 'b', 'c', 'd');
    assert.equal(lookUp.batchSize, 2);
    await request('a');
    assert.equal(lookUp.batchSize, 1);
    await request('a');
    assert.equal(lookUp.batchSize, 1);
  });

  it('OnboardedLookUp: a whole page is not taken for the largest batch', async () => {
    service.respondWith(page('a', 'b'));
    await request('a', 'b', 'c');
    assert.equal(lookUp.batchSize, 99);
  });

  it('OnboardedLookUp: an empty page that is followed by others changes no size', async () => {
    service.respondWith(cutPage());
    await request('a');
    assert.equal(lookUp.batchSize, 99);
  });

  it('OnboardedLookUp: the state is requested only if it is wanted', async () => {
    service.respondWith(page('a'), page('a'));
    await lookUp.request(api, ['a'], true, now);
    await lookUp.request(api, ['a'], false, now);
    assert.deepEqual(
      service.requests.map(({ url }) => new URL(url, 'http://x').searchParams.get('includeState')),
      ['true', null],
    );
  });

  it('OnboardedLookUp: any onboarded device is looked for once a minute, until one is known', async () => {
    assert.equal(lookUp.wantsKnown(0), true);
    service.respondWith(page());
    await lookUp.findKnown(api, 1000);
    assert.deepEqual([lookUp.wantsKnown(60_999), lookUp.wantsKnown(61_000)], [false, true]);
    service.respondWith(page('k'), page('k'));
    await lookUp.findKnown(api, 61_000);
    assert.equal(lookUp.wantsKnown(200_000), false);
    assert.deepEqual(await request('a'), [['k'], true]);
    assert.deepEqual(requested(), [undefined, undefined, ['a', 'k']]);
  });

  it('OnboardedLookUp: nothing is looked for once batches work or are given up', async () => {
    service.respondWith([400]);
    await request('a');
    assert.equal(lookUp.wantsKnown(0), false);
  });
});
