import assert from 'node:assert/strict';
import {
  blockDevice,
  getClaimedDevice,
  getDevice,
  probeDevices,
  unblockDevice,
  unclaimDevice,
} from '../../../nodes/api/devices';
import type { NrfCloudError } from '../../../nodes/api/errors';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const ID = '4961c873-408c-45ce-b1ba-7c0d99d88179';
const DEVICE = { id: ID.toUpperCase(), status: 'READY', claimedAt: '2026-11-28T01:00:00.000Z' };
const RECLAIMED = { ...DEVICE, claimedAt: '2026-11-28T02:00:00.000Z' };
const UNRELATED = ['<html>', '{"error":"blocked by the gateway"}', '{"message":"welcome"}', '[]', { id: 'other' }];

describe('devices', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  describe('getDevice', () => {
    it('gives the device, or nothing for an empty body', async () => {
      service.respondWith([200, DEVICE], [204]);
      assert.deepEqual(await getDevice(service.api(), ID), { statusCode: 200, body: DEVICE });
      assert.deepEqual(await getDevice(service.api(), ID), { statusCode: 204, body: undefined });
    });

    for (const body of UNRELATED) {
      it(`does not believe ${JSON.stringify(body)}`, async () => {
        service.respondWith([200, body]);
        const { code, cause, message } = await errorOf(getDevice(service.api(), ID));
        assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_BAD_RESPONSE', undefined]);
        assertSentence(message);
      });
    }

    it('accepts an id that is called deviceId', async () => {
      service.respondWith([200, { deviceId: ID }], [200, { deviceId: 'other' }]);
      assert.deepEqual((await getDevice(service.api(), ID)).body, { deviceId: ID });
      assert.equal((await errorOf(getDevice(service.api(), ID))).code, 'NRFCLOUD_BAD_RESPONSE');
    });
  });

  it('getClaimedDevice requests again after a failure, unless it is to be requested once', async () => {
    service.respondWith([500], [200, DEVICE], [500]);
    assert.deepEqual((await getClaimedDevice(service.api(), ID))?.body, DEVICE);
    assert.equal((await errorOf(getClaimedDevice(service.api(), ID, { sendOnce: true }))).cause.attempts, 1);
  });

  it('probeDevices reads one device, once', async () => {
    service.respondWith([200, [DEVICE]], [500]);
    assert.equal((await probeDevices(service.api())).statusCode, 200);
    assert.equal(service.lines[0], 'GET /claimed-devices?pageLimit=1');
    assert.equal((await errorOf(probeDevices(service.api()))).cause.attempts, 1);
  });

  for (const [change, contradiction] of [
    [blockDevice, 'READY'],
    [unblockDevice, 'BLOCKED'],
  ] as const) {
    describe(change.name, () => {
      it('ends with a refusal, which is not looked into', async () => {
        service.respondWith([403]);
        assert.equal((await errorOf(change(service.api(), ID))).code, 'NRFCLOUD_FORBIDDEN');
        assert.equal(service.requests.length, 1);
      });

      it('believes an empty body, and one about the device', async () => {
        service.respondWith([204], [200, DEVICE]);
        assert.deepEqual(await change(service.api(), ID), { statusCode: 204, body: undefined });
        assert.deepEqual(await change(service.api(), ID), { statusCode: 200, body: DEVICE });
        assert.equal(service.requests.length, 2);
      });

      for (const body of UNRELATED) {
        it(`confirms ${JSON.stringify(body)} by one get`, async () => {
          const done = { ...DEVICE, status: 'OTHER' };
          service.respondWith([200, body], [200, done]);
          assert.deepEqual(await change(service.api(), ID), { statusCode: 200, body: done });
          for (const look of [[404], [200, body], [200, { ...DEVICE, status: contradiction }]] as ScriptedResponse[]) {
            service.respondWith([200, body], look);
            const { code, cause } = await errorOf(change(service.api(), ID));
            assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_BAD_RESPONSE', true]);
            assert.notEqual(cause.operation, 'get device');
          }
        });
      }
    });
  }

  for (const change of [blockDevice, unblockDevice, unclaimDevice]) {
    it(`${change.name}: may have succeeded if the flow is stopped while an unclear success is confirmed`, async () => {
      const stop = new Abort();
      service.respondWith(
        ...(change === unclaimDevice ? [[200, DEVICE] as ScriptedResponse] : []),
        [200, '<html>'],
        () => stop.abort(),
      );
      const { code, cause } = await errorOf(change(service.api({}, { signal: stop }), ID));
      assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_CLOSED', true]);
    });
  }

  it('changes of one device are made in order, although the first has to be repeated', async () => {
    let blocked = false;
    let requests = 0;
    const respond: ScriptedResponse = (request, response) => {
      blocked = request.url!.endsWith('/block');
      if (++requests === 1) response.destroy();
      else response.writeHead(204).end();
    };
    service.respondWith(respond, respond, respond);
    const client = service.client();
    await Promise.all([blockDevice(service.apiOf(client), ID), unblockDevice(service.apiOf(client), ID.toUpperCase())]);
    assert.equal(blocked, false);
    assert.deepEqual(
      service.lines.map((line) => line.split('/').at(-1)),
      ['block', 'block', 'unblock'],
    );
  });

  describe('unclaimDevice', () => {
    const unclaim = (options = {}): ReturnType<typeof unclaimDevice> => unclaimDevice(service.api(options), ID);
    const methods = (): string => service.requests.map(({ method }) => method[0]).join('');

    it('reads the device first', async () => {
      service.respondWith([200, DEVICE], [204]);
      assert.deepEqual(await unclaim(), { statusCode: 204, body: undefined });
      assert.equal(methods(), 'GD');
    });

    it('is repeated after a lost response if the claim is the same', async () => {
      service.respondWith([200, DEVICE], 'reset', [200, DEVICE], [204]);
      assert.equal((await unclaim()).statusCode, 204);
      assert.equal(methods(), 'GDGD');
    });

    it('is repeated after HTTP 408, which a gateway sends, only if the claim is the same', async () => {
      service.respondWith([200, DEVICE], [408], [200, DEVICE], [404, {}]);
      assert.equal((await unclaim()).statusCode, 404);
      service.respondWith([200, DEVICE], [408], [200, RECLAIMED]);
      assert.equal((await unclaim()).statusCode, 200);
      assert.equal(methods(), 'GDGDGDG');
    });

    it('has succeeded if the device is gone or claimed anew after a lost response', async () => {
      service.respondWith([200, DEVICE], 'reset', [404]);
      assert.equal((await unclaim()).statusCode, 404);
      service.respondWith([200, DEVICE], [502], [200, RECLAIMED]);
      assert.equal((await unclaim()).statusCode, 200);
      assert.equal(methods(), 'GDGGDG');
    });

    for (const [before, after, found] of [
      ['2023-06-13T14:17:14.000Z', '2023-06-13T14:17:14Z', 'the same claim'],
      ['2023-06-13T14:17:14Z', '2023-06-13T16:17:14.000+02:00', 'the same claim'],
      [1686665834000, 1686665834000, 'the same claim'],
      ['yesterday', 'yesterday', 'the same claim'],
      ['2023-06-13T14:17:14Z', '2023-06-13T14:17:15Z', 'a new claim'],
      [1686665834000, 1686665834001, 'a new claim'],
      ['2023-06-13T14:17:14Z', 1686665835000, 'unclear'],
      ['2023-06-13T14:17:14Z', '2023-06-13T14:17:13Z', 'unclear'],
      ['yesterday', 'today', 'unclear'],
      [null, null, 'unclear'],
    ] as const) {
      it(`after a lost response, claimedAt ${before} and then ${after} is ${found}`, async () => {
        const look: ScriptedResponse = [200, { ...DEVICE, claimedAt: after }];
        service.respondWith([200, { ...DEVICE, claimedAt: before }], 'reset', look);
        if (found === 'the same claim') service.respondWith([204]);
        if (found === 'unclear') service.respondWith(look, look, look, look);
        const outcome = await unclaim().then(
          ({ statusCode }) => statusCode,
          (thrown: unknown) => (thrown as NrfCloudError).cause.mayHaveSucceeded,
        );
        assert.equal(outcome, { 'the same claim': 204, 'a new claim': 200, unclear: true }[found]);
      });
    }

    it('has succeeded if its repetition finds nothing', async () => {
      service.respondWith([200, DEVICE], 'reset', [200, DEVICE], [404, {}]);
      assert.deepEqual(await unclaim(), { statusCode: 404, body: undefined });
    });

    it('is not repeated if the claim cannot be compared', async () => {
      for (const device of [{ id: ID }, { id: 'other' }]) {
        service.respondWith(
          [200, device],
          'reset',
          [200, DEVICE],
          [200, DEVICE],
          [200, DEVICE],
          [200, DEVICE],
          [200, DEVICE],
        );
        const { code, cause } = await errorOf(unclaim());
        assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_UNAVAILABLE', true]);
      }
      assert.equal(methods().replaceAll('G', ''), 'DD');
    });

    it('is not repeated if the claim cannot be compared any more', async () => {
      for (const device of [{ id: ID }, { ...DEVICE, id: 'other' }]) {
        service.respondWith([200, DEVICE], 'reset', ...Array<ScriptedResponse>(5).fill([200, device]));
        assert.equal((await errorOf(unclaim())).cause.mayHaveSucceeded, true);
      }
      assert.equal(methods().replaceAll('G', ''), 'DD');
    });

    it('has succeeded if the device is gone a little after the last lost response', async () => {
      service.respondWith([200, DEVICE], 'reset', [200, DEVICE], [404]);
      assert.deepEqual(await unclaim({ retries: 0 }), { statusCode: 404, body: undefined });
    });

    it('fails if there is nothing, or it is refused', async () => {
      service.respondWith([404, {}], [404, {}], [200, DEVICE], [403, {}]);
      const missing = await errorOf(unclaim());
      assert.deepEqual([missing.code, missing.cause.operation], ['NRFCLOUD_NOT_FOUND', 'unclaim device']);
      assert.equal((await errorOf(unclaim())).code, 'NRFCLOUD_FORBIDDEN');
    });

    for (const [response, code, timeout] of [
      [[500], 'NRFCLOUD_UNAVAILABLE', 5],
      [[429], 'NRFCLOUD_RATE_LIMITED', 5],
      [() => undefined, 'NRFCLOUD_TIMEOUT', 0.03],
    ] as const) {
      it(`sends nothing if the device cannot be read because the service is not available: ${code}`, async () => {
        service.respondWith(response, [404], [204]);
        assert.equal((await errorOf(unclaim({ retries: 0, timeout }))).code, code);
        assert.equal(methods(), 'G');
      });
    }

    it('is sent although the device may not be read', async () => {
      service.respondWith([403], [204]);
      assert.equal((await unclaim()).statusCode, 204);
    });

    for (const [what, ...responses] of [
      ['a look-up', 'reset', ...Array<ScriptedResponse>(5).fill([404, '<!DOCTYPE html>'])],
      ['a repetition', 'reset', [200, DEVICE], [404, '<html>no backend</html>']],
      ['a confirmation', [200, { message: 'welcome' }], [404, '<html>no backend</html>']],
    ] as [string, ...ScriptedResponse[]][]) {
      it(`has not succeeded because ${what} gets the web page of a gateway with HTTP 404`, async () => {
        service.respondWith([200, DEVICE], ...responses);
        assert.equal((await errorOf(unclaim())).cause.mayHaveSucceeded, true);
        assert.equal(service.requests.length, responses.length + 1);
      });
    }

    it('believes a success with another body only if the device is gone', async () => {
      service.respondWith([200, DEVICE], [200, { message: 'welcome' }], [404]);
      assert.deepEqual(await unclaim(), { statusCode: 404, body: undefined });
      service.respondWith([200, DEVICE], [200, { message: 'welcome' }], [200, DEVICE]);
      assert.equal((await errorOf(unclaim())).code, 'NRFCLOUD_BAD_RESPONSE');
    });
  });
});
