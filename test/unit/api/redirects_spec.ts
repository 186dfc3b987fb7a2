import assert from 'node:assert/strict';
import type { Api } from '../../../nodes/api/api';
import { claim } from '../../../nodes/api/claims';
import { blockDevice, unblockDevice, unclaimDevice } from '../../../nodes/api/devices';
import { createTag, deleteTag, updateTag } from '../../../nodes/api/tags';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';

const ID = '4961c873-408c-45ce-b1ba-7c0d99d88179';
const DEVICE: ScriptedResponse = [200, { id: ID, status: 'OTHER' }];
const TAG = { tag: 'one', description: '' };

/** What a look-up after each change finds, as if the change had been made. */
const CHANGES: [name: string, change: (api: Api) => Promise<unknown>, found: ScriptedResponse][] = [
  ['block', (api) => blockDevice(api, ID), DEVICE],
  ['unblock', (api) => unblockDevice(api, ID), DEVICE],
  ['unclaim', (api) => unclaimDevice(api, ID), [404]],
  ['create tag', (api) => createTag(api, TAG), [200, [{ id: '1', ...TAG }]]],
  ['update tag', (api) => updateTag(api, '1', TAG), [200, { id: '1', ...TAG }]],
  ['delete tag', (api) => deleteTag(api, '1'), [404]],
  ['claim', (api) => claim(api, { claimToken: 'token', tags: [], deviceId: ID }), DEVICE],
];

describe('redirects', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  for (const [name, change, found] of CHANGES) {
    it(`${name}: a redirect is an error, whatever is there`, async () => {
      if (name === 'unclaim') service.respondWith(DEVICE);
      service.respondWith([307, '', { location: 'https://example.com/' }], found);
      const { code, cause } = await errorOf(change(service.api()));
      assert.deepEqual([code, cause.statusCode, cause.mayHaveSucceeded], ['NRFCLOUD_BAD_RESPONSE', 307, undefined]);
    });
  }
});
