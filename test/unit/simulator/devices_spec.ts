import assert from 'node:assert/strict';

import { Devices, type DevicePage } from '../../../simulator/state/devices';
import { call, useSimulator } from './harness';

describe('simulator: claimed devices', () => {
  const sim = useSimulator();
  const ids = (reply: { json: any }): string[] => (reply.json.items as { id: string }[]).map((device) => device.id);

  it('gets, blocks, unblocks and unclaims', async () => {
    const [id = ''] = sim().fill(1);
    const path = `/claimed-devices/${id}`;
    assert.equal((await call(sim(), 'GET', path)).json.status, 'READY');
    assert.equal((await call(sim(), 'POST', `${path}/block`)).json.status, 'BLOCKED');
    assert.equal((await call(sim(), 'POST', `${path}/block`)).status, 200);
    assert.equal((await call(sim(), 'GET', path)).json.status, 'BLOCKED');
    assert.equal((await call(sim(), 'POST', `${path}/unblock`)).json.status, 'READY');
    const gone = await call(sim(), 'DELETE', path);
    assert.deepEqual([gone.status, gone.text], [204, '']);
    for (const [method, suffix] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/block'],
      ['POST', '/unblock'],
    ] as const) {
      assert.equal((await call(sim(), method, path + suffix)).status, 404);
    }
  });

  it('lets an unclaimed device be claimed again', async () => {
    const { claimToken, deviceUuid } = sim().mint();
    const claim = () => call(sim(), 'POST', '/claimed-devices', { body: { claimToken } });
    assert.equal((await claim()).status, 201);
    await call(sim(), 'DELETE', `/claimed-devices/${deviceUuid}`);
    assert.equal((await claim()).status, 201);
  });

  it('unclaims without HTTP', async () => {
    const [kept, gone] = sim().fill(2) as [string, string];
    assert.equal(sim().unclaim(gone), true);
    assert.equal(sim().unclaim(gone), false);
    assert.deepEqual(
      sim()
        .devices()
        .map(({ id }) => id),
      [kept],
    );
    assert.equal((await call(sim(), 'GET', `/claimed-devices/${gone}`)).status, 404);
  });

  it('lists page by page, in the order of the claims', async () => {
    const all = sim().fill(250);
    const first = await call(sim(), 'GET', '/claimed-devices');
    assert.deepEqual(ids(first), all.slice(0, 100));
    const rest = `/claimed-devices?pageLimit=200&pageNextToken=${encodeURIComponent(first.json.pageNextToken)}`;
    const second = await call(sim(), 'GET', rest);
    assert.deepEqual(ids(second), all.slice(100));
    assert.ok(!('pageNextToken' in second.json));
  });

  it('has no empty last page, and caps pageLimit', async () => {
    sim().set({ pageSize: 5, maxPageSize: 10 });
    sim().fill(10);
    const reply = await call(sim(), 'GET', '/claimed-devices?pageLimit=1000');
    assert.deepEqual([reply.json.items.length, 'pageNextToken' in reply.json], [10, false]);
    assert.equal((await call(sim(), 'GET', '/claimed-devices?pageLimit=0')).status, 400);
    assert.equal((await call(sim(), 'GET', '/claimed-devices?pageNextToken=x')).status, 400);
  });

  it('goes on at the same place while devices come and go', () => {
    const devices = new Devices();
    const add = (number: number) =>
      devices.add({ id: String(number), deviceType: 6, firmwareId: '', imei: '', tags: [], claimedAt: 0 });
    const all = Array.from({ length: 3000 }, (_, number) => add(number));
    const { next = 0 } = devices.page(0, 1000);
    // More than the list holds before it is compacted.
    for (const device of all.slice(0, 2500)) devices.remove(device);
    const added = add(3000);
    assert.deepEqual(devices.page(next, 1000), { items: [...all.slice(2500), added] });
  });

  it('the list can be a bare array, repeat its token and have unknown fields', async () => {
    const all = sim().fill(6);
    sim().set({ pageSize: 2, extras: { list: { total: 6 } }, repeatPageToken: true });
    const first = await call(sim(), 'GET', '/claimed-devices');
    assert.equal(first.json.total, 6);
    const token = first.json.pageNextToken;
    const second = await call(sim(), 'GET', `/claimed-devices?pageNextToken=${encodeURIComponent(token)}`);
    assert.equal(second.json.pageNextToken, token);
    sim().set({ listShape: 'array' });
    const bare = await call(sim(), 'GET', '/claimed-devices');
    assert.deepEqual(
      bare.json.map((device: { id: string }) => device.id),
      all,
    );
  });

  it('filters by tag, or ignores the filter', async () => {
    const white = sim().fill(3, ['color=white']);
    sim().fill(3, ['color=red']);
    const list = () => call(sim(), 'GET', '/claimed-devices?tag=color%3Dwhite');
    assert.deepEqual(ids(await list()), white);
    sim().set({ tagFilter: 'ignore' });
    assert.equal(ids(await list()).length, 6);
  });

  it('looks at no more devices than a page holds, however many there are', () => {
    const devices = new Devices();
    for (let number = 0; number < 20_000; number++) {
      devices.add({ id: String(number), deviceType: 6, firmwareId: '', imei: '', tags: [], claimedAt: 0 });
    }
    let seen = 0;
    let pages = 0;
    for (let after: number | undefined = 0; after !== undefined; pages++) {
      let looks = 0;
      const page: DevicePage = devices.page(after, 1000, () => ++looks > 0);
      assert.ok(looks <= 1001, `${looks} looks at page ${pages}`);
      seen += page.items.length;
      after = page.next;
    }
    assert.deepEqual([seen, pages], [20_000, 20]);
  });

  it('serves pages of 1000', async () => {
    const all = sim().fill(2500);
    const listed: string[] = [];
    let query = '';
    do {
      const page = await call(sim(), 'GET', `/claimed-devices?pageLimit=1000${query}`);
      listed.push(...ids(page));
      const next: string | undefined = page.json.pageNextToken;
      query = next === undefined ? '' : `&pageNextToken=${encodeURIComponent(next)}`;
    } while (query !== '');
    assert.deepEqual(listed, all);
  });
});
