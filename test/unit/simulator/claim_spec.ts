import assert from 'node:assert/strict';

import { GUIDE_CSV_MISPRINT, PRINTED_TOKENS } from '../../../simulator/identity/printed-tokens';
import { call, useSimulator } from './harness';

const [GUIDE_SINGLE = '', GUIDE_REPAIRED = '', UTILS_ADVANCED = ''] = PRINTED_TOKENS.keys();
const PATHS = { guide: '/identities/claimed-devices', current: '/claimed-devices' } as const;

describe('simulator: claim', () => {
  const sim = useSimulator();

  for (const [version, path] of Object.entries(PATHS)) {
    it(`answers 201 and the device on the path of ${version}`, async () => {
      const minted = sim().mint({ deviceType: 4 });
      const reply = await call(sim(), 'POST', path, { body: { claimToken: minted.claimToken, tags: ['color=white'] } });
      assert.equal(reply.status, 201);
      const { claimedAt, ...rest } = reply.json;
      assert.match(claimedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.deepEqual(rest, {
        id: minted.deviceUuid,
        deviceType: 'nrf9161_LACA',
        firmwareId: minted.firmwareUuid,
        imei: minted.imei,
        ownerId: 'a5592ec1-18ae-4d9d-bc44-1d9bd927bbe9',
        ownershipStatus: 'IDENTIFIED',
        tags: ['color=white'],
        status: 'READY',
      });
      assert.equal(sim().claims.get(minted.deviceUuid), 1);
    });

    it(`is 404 with JSON on the path of ${version} while the other version is on`, async () => {
      sim().set({ api: version === 'guide' ? 'current' : 'guide' });
      const reply = await call(sim(), 'POST', path, { body: { claimToken: sim().mint().claimToken } });
      assert.deepEqual([reply.status, reply.json], [404, { message: 'Not Found' }]);
      assert.equal(sim().claims.size, 0);
    });
  }

  it('answers the guide example like the guide, with the id of the token', async () => {
    const reply = await call(sim(), 'POST', PATHS.guide, {
      body: { claimToken: GUIDE_SINGLE, tags: ['location=Trondheim'] },
    });
    const { claimedAt, ...rest } = reply.json;
    assert.ok(claimedAt);
    assert.deepEqual(rest, {
      id: '4961c873-408c-45ce-b1ba-7c0d99d88179',
      deviceType: 'nrf9160_SICA',
      firmwareId: '6100e43d-e06f-4017-9a5c-11550b8cc347',
      imei: '352656106118683',
      ownerId: 'a5592ec1-18ae-4d9d-bc44-1d9bd927bbe9',
      ownershipStatus: 'IDENTIFIED',
      tags: ['location=Trondheim'],
      status: 'READY',
    });
  });

  it('the other printed tokens are accepted, and the misprint of the guide is named', async () => {
    for (const claimToken of [GUIDE_REPAIRED, UTILS_ADVANCED]) {
      assert.equal((await call(sim(), 'POST', PATHS.current, { body: { claimToken } })).status, 201);
    }
    assert.equal(GUIDE_CSV_MISPRINT.length, 179);
    const reply = await call(sim(), 'POST', PATHS.guide, { body: { claimToken: GUIDE_CSV_MISPRINT } });
    assert.equal(reply.status, 400);
    assert.match(reply.json.message, /misprinted.*lacks the first character "0"/);
  });

  it('refuses what is not a token with 400', async () => {
    const { claimToken } = sim().mint();
    const [first = '', second = ''] = claimToken.split('.');
    const wrong = [
      undefined,
      '',
      7,
      first,
      `${claimToken}.x`,
      `${claimToken} `,
      `"${claimToken}"`,
      claimToken.slice(0, -1),
      `${first}.${second.slice(1)}`,
      `${first.slice(0, -4)}.${second}`,
      `x${first.slice(1)}.${second}`,
    ];
    for (const token of wrong) {
      const reply = await call(sim(), 'POST', PATHS.guide, { body: { claimToken: token } });
      assert.equal(reply.status, 400, String(token));
      assert.ok(reply.json.message);
    }
    assert.equal(sim().claims.size, 0);
  });

  it('refuses bodies that are no JSON object, and other content types', async () => {
    const type = 'application/json';
    assert.equal((await call(sim(), 'POST', PATHS.guide, { body: '{', type })).status, 400);
    assert.equal((await call(sim(), 'POST', PATHS.guide, { body: '[]', type })).status, 400);
    assert.equal((await call(sim(), 'POST', PATHS.guide, { body: '{}', type: 'text/plain' })).status, 415);
  });

  it('refuses a token that was tampered with, by its signature', async () => {
    const { claimToken } = sim().mint();
    const other = sim().mint();
    const swapped = `${claimToken.split('.')[0] ?? ''}.${other.claimToken.split('.')[1] ?? ''}`;
    const nonceChanged = flip(claimToken, 70);
    const signatureChanged = flip(claimToken, 120);
    for (const token of [swapped, nonceChanged, signatureChanged]) {
      const reply = await call(sim(), 'POST', PATHS.guide, { body: { claimToken: token } });
      assert.equal(reply.status, 422, token);
      assert.match(reply.json.message, /not signed by the device/);
    }
    sim().set({ verify: false });
    assert.equal((await call(sim(), 'POST', PATHS.guide, { body: { claimToken: swapped } })).status, 201);
  });

  it('devices that were not minted here are refused, unless acceptUnknownDevices is set', async () => {
    const foreign = flip(sim().mint().claimToken, 20);
    const send = () => call(sim(), 'POST', PATHS.guide, { body: { claimToken: foreign } });
    assert.equal((await send()).status, 404);
    sim().set({ acceptUnknownDevices: true });
    assert.equal((await send()).status, 201);
  });

  it('knows a device with a UUID of the caller', async () => {
    const deviceUuid = '50363154-3931-44f0-8022-0123456789ab';
    const { claimToken } = sim().mint({ deviceUuid });
    const reply = await call(sim(), 'POST', PATHS.guide, { body: { claimToken } });
    assert.deepEqual([reply.status, reply.json.id], [201, deviceUuid]);
  });

  it('claims a device once, whichever of its tokens comes', async () => {
    const first = sim().mint();
    const second = sim().mint({ deviceUuid: first.deviceUuid });
    assert.notEqual(first.claimToken, second.claimToken);
    const send = (claimToken: string) => call(sim(), 'POST', PATHS.guide, { body: { claimToken } });
    assert.equal((await send(first.claimToken)).status, 201);
    assert.equal((await send(second.claimToken)).status, 409);
    sim().set({ reclaim: 'ok' });
    const again = await send(second.claimToken);
    assert.deepEqual([again.status, again.json.id], [200, first.deviceUuid]);
    assert.equal(sim().claims.get(first.deviceUuid), 1);
  });

  it('answers 409 for a device of another team, and does not show it', async () => {
    const { claimToken, deviceUuid } = sim().mint();
    const send = () => call(sim(), 'POST', PATHS.guide, { body: { claimToken } });
    sim().claimByOther(deviceUuid);
    assert.equal((await send()).status, 409);
    assert.equal((await call(sim(), 'GET', `/claimed-devices/${deviceUuid}`)).status, 404);
    assert.equal((await call(sim(), 'DELETE', `/claimed-devices/${deviceUuid}`)).status, 404);
    sim().releaseByOther(deviceUuid);
    assert.equal((await send()).status, 201);
  });

  it('lets the statuses of refusals be chosen', async () => {
    sim().set({ refusals: { otherTeam: 422, unknownDevice: 403 } });
    const { claimToken, deviceUuid } = sim().mint();
    sim().claimByOther(deviceUuid);
    assert.equal((await call(sim(), 'POST', PATHS.guide, { body: { claimToken } })).status, 422);
    const foreign = flip(claimToken, 20);
    assert.equal((await call(sim(), 'POST', PATHS.guide, { body: { claimToken: foreign } })).status, 403);
  });

  it('dry-runs in current: 202 and an empty body, and nothing is claimed', async () => {
    const { claimToken, deviceUuid } = sim().mint();
    const dry = () => call(sim(), 'POST', `${PATHS.current}?dryrun=true`, { body: { claimToken, tags: ['new'] } });
    const reply = await dry();
    assert.deepEqual([reply.status, reply.text], [202, '']);
    assert.deepEqual([sim().claims.size, sim().tags()], [0, []]);
    await call(sim(), 'POST', PATHS.current, { body: { claimToken } });
    assert.equal((await dry()).status, 409);
    assert.equal(sim().claims.get(deviceUuid), 1);
    const csv = await call(sim(), 'POST', `${PATHS.current}?dryrun=true`, { body: claimToken });
    assert.equal(csv.status, 400);
  });

  it('ignores the dryrun parameter on the path of guide, which does not know it', async () => {
    const { claimToken } = sim().mint();
    assert.equal((await call(sim(), 'POST', `${PATHS.guide}?dryrun=true`, { body: { claimToken } })).status, 201);
  });

  it('checks tags before it claims, and defines those that are new', async () => {
    const { claimToken } = sim().mint();
    const send = (tags: unknown) => call(sim(), 'POST', PATHS.guide, { body: { claimToken, tags } });
    for (const tags of ['a', [''], ['  '], [7], ['x'.repeat(101)]]) assert.equal((await send(tags)).status, 400);
    sim().set({ undefinedTags: 'refuse' });
    assert.equal((await send(['a'])).status, 400);
    assert.deepEqual([sim().claims.size, sim().tags()], [0, []]);
    sim().set({ undefinedTags: 'create' });
    const reply = await send(['a', 'b,c', 'a', 'x'.repeat(100)]);
    assert.deepEqual(reply.json.tags, ['a', 'b,c', 'x'.repeat(100)]);
    assert.equal(sim().tags().length, 3);
  });

  it('shows fields and values of a newer service, and leaves fields out', async () => {
    sim().set({ extras: { device: { status: 'HIBERNATING', colour: { shade: 1 } } }, omitDeviceFields: ['imei'] });
    const reply = await call(sim(), 'POST', PATHS.guide, { body: { claimToken: sim().mint().claimToken } });
    assert.deepEqual(
      [reply.json.status, reply.json.colour, 'imei' in reply.json],
      ['HIBERNATING', { shade: 1 }, false],
    );
  });
});

/** Another character at this place of the token. */
function flip(token: string, at: number): string {
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}
