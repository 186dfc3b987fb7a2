import assert from 'node:assert/strict';
import type { Api } from '../../../nodes/api/api';
import { claim } from '../../../nodes/api/claims';
import { createCommand } from '../../../nodes/api/commands';
import { blockDevice, unblockDevice, unclaimDevice } from '../../../nodes/api/devices';
import type { NrfCloudError } from '../../../nodes/api/errors';
import { createTag, deleteTag, ensureTag, updateTag } from '../../../nodes/api/tags';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer } from '../../support/scripted-server';

type Change = (api: Api, target: string) => Promise<unknown>;

const CHANGES: [operation: string, ...changes: Change[]][] = [
  ['claim', (api, deviceId) => claim(api, { claimToken: 'token', tags: [], deviceId })],
  ['block device', blockDevice],
  ['unblock device', unblockDevice],
  ['unclaim device', unclaimDevice],
  ['create command', (api, id) => createCommand(api, id, { request: {} })],
  ['create tag', (api, tag) => createTag(api, { tag }), (api, tag) => ensureTag(api, { tag })],
  ['update tag', (api, id) => updateTag(api, id, { tag: 'new', description: 'd' })],
  ['delete tag', deleteTag],
];

describe('Api', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  it('shows what its connection is', () => {
    const api = service.api({ api: 'current', retries: 7 });
    assert.deepEqual([api.version, api.origin, api.retries], ['current', service.origin, 7]);
    assert.deepEqual([api.load().inFlight, api.load().waiting], [0, 0]);
  });

  for (const [apiKey, expected] of [
    ['oat_1', true],
    ['key', false],
    ['key_oat_', false],
  ] as const) {
    it(`usesOrganizationToken: ${apiKey} ${expected ? 'is' : 'is not'} one`, () => {
      assert.equal(service.api({ apiKey }).usesOrganizationToken, expected);
    });
  }

  it('checkConfigured: an operation of the device API needs its URL', () => {
    const api = service.api();
    api.checkConfigured('claim');
    assert.throws(
      () => api.checkConfigured('get account'),
      ({ code }: NrfCloudError) => code === 'NRFCLOUD_NOT_CONFIGURED',
    );
    service.api({ deviceApiUrl: service.origin }).checkConfigured('get account');
  });

  describe('changes in order', () => {
    for (const [operation, ...changes] of CHANGES) {
      it(`${operation}: a second change of one target waits, and is refused when the queue is full`, async () => {
        for (const change of changes) {
          const stop = new Abort();
          const client = service.client({ queueLimit: 0 });
          service.respondWith(
            () => undefined,
            () => undefined,
          );
          const api = service.apiOf(client, { signal: stop });
          const first = errorOf(change(api, 'target'));
          const { code, cause } = await errorOf(change(api, 'target'));
          assert.deepEqual([code, cause.operation], ['NRFCLOUD_QUEUE_FULL', operation]);
          const other = errorOf(change(api, 'other'));
          assert.equal(client.load().inFlight, 2);
          stop.abort();
          for (const error of [await first, await other]) assert.equal(error.code, 'NRFCLOUD_CLOSED');
        }
      });
    }

    it('a device whose id is written in another case is the same target', async () => {
      const stop = new Abort();
      const api = service.apiOf(service.client({ queueLimit: 0 }), { signal: stop });
      const first = errorOf(blockDevice(api, 'abc'));
      assert.equal((await errorOf(unblockDevice(api, 'ABC'))).code, 'NRFCLOUD_QUEUE_FULL');
      const tag = errorOf(deleteTag(api, 'abc'));
      assert.equal((await errorOf(deleteTag(api, 'ABC'))).code, 'NRFCLOUD_QUEUE_FULL');
      stop.abort();
      await Promise.all([first, tag]);
    });

    it('a change that waits starts when the one before it has ended, and its message shows both', async () => {
      const seen: unknown[] = [];
      const owner = {
        onWaiting: (waiting: boolean) => void seen.push(waiting),
        onStart: () => void seen.push('start'),
      };
      const client = service.client();
      service.respondWith([204], [204]);
      const first = blockDevice(service.apiOf(client), 'd');
      const second = unblockDevice(service.apiOf(client, owner), 'd');
      assert.equal(client.load().waiting, 1);
      await Promise.all([first, second]);
      assert.deepEqual(seen, [true, 'start', false, 'start']);
      assert.equal(client.load().waiting, 0);
    });
  });

  describe('repeatLookUp', () => {
    it('looks again after each delay until something is found', async () => {
      const waits: boolean[] = [];
      const api = service.api({}, { onWaiting: (waiting) => void waits.push(waiting) });
      const found = [undefined, undefined, 'found'];
      assert.equal(await api.repeatLookUp('claim', () => Promise.resolve(found.shift())), 'found');
      assert.deepEqual(waits, [true, false, true, false]);
    });

    it('finds nothing after the last delay', async () => {
      let looks = 0;
      const find = (): Promise<string | undefined> => {
        looks++;
        return Promise.resolve(undefined);
      };
      assert.equal(await service.api().repeatLookUp('claim', find), undefined);
      assert.equal(looks, 5);
    });

    it('ends with its message, which names the operation', async () => {
      const stop = new Abort();
      const api = service.api({ lookUpDelaysMs: [60_000] }, { signal: stop, onWaiting: () => stop.abort() });
      const { code, cause } = await errorOf(api.repeatLookUp('claim', () => Promise.resolve(undefined)));
      assert.deepEqual([code, cause.operation], ['NRFCLOUD_CLOSED', 'claim']);
    });
  });
});
