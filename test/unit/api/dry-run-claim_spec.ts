import assert from 'node:assert/strict';
import { dryRunClaim, type ClaimResponse } from '../../../nodes/api/claims';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const ID = '4961c873-408c-45ce-b1ba-7c0d99d88179';
const DEVICE = { id: ID.toUpperCase(), status: 'READY' };
const CLAIM = { claimToken: 'token', deviceId: ID };

describe('dryRunClaim', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());
  const dryRun = (): Promise<ClaimResponse> => dryRunClaim(service.api({ api: 'current' }), CLAIM);

  it('gives what the service says', async () => {
    service.respondWith([202]);
    assert.deepEqual(await dryRun(), { statusCode: 202, body: undefined });
    assert.equal(service.lines[0], 'POST /claimed-devices?dryrun=true');
    assert.equal(service.requests[0]!.body, '{"claimToken":"token"}');
  });

  for (const [status, body] of [
    [201, DEVICE],
    [201, { message: 'created' }],
    [202, DEVICE],
    [200, { message: 'welcome' }],
  ] as const) {
    it(`does not believe ${status} with ${JSON.stringify(body)}`, async () => {
      service.respondWith([status, body]);
      const { code, message } = await errorOf(dryRun());
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assertSentence(message);
    });
  }

  for (const [how, response] of [
    ['the connection breaks', 'reset'],
    ['HTTP 500', [500, {}]],
  ] as const) {
    it(`leaves no doubt when its response is lost: ${how}`, async () => {
      service.respondWith(response);
      const { cause, message } = await errorOf(dryRunClaim(service.api({ api: 'current', retries: 0 }), CLAIM));
      assert.equal('mayHaveSucceeded' in cause, false);
      assertSentence(message);
    });
  }

  it('leaves no doubt when its flow is stopped on the way', async () => {
    const stop = new Abort();
    service.respondWith(() => stop.abort());
    const { code, cause } = await errorOf(dryRunClaim(service.api({ api: 'current' }, { signal: stop }), CLAIM));
    assert.equal(code, 'NRFCLOUD_CLOSED');
    assert.equal('mayHaveSucceeded' in cause, false);
  });

  it('reports whose a claimed device is', async () => {
    service.respondWith([409, {}], [200, DEVICE]);
    const { conflict, ...rest } = await dryRun();
    assert.deepEqual(rest, { statusCode: 200, body: DEVICE });
    assert.equal(conflict?.code, 'NRFCLOUD_CONFLICT');
    service.respondWith([409, {}], [404, {}]);
    assert.equal((await errorOf(dryRun())).code, 'NRFCLOUD_CONFLICT');
    service.respondWith(
      [422, { message: 'already claimed' }],
      [200, DEVICE],
      [422, { message: 'already claimed' }],
      [404],
    );
    assert.equal((await dryRun()).conflict?.code, 'NRFCLOUD_REJECTED');
    assert.equal((await errorOf(dryRun())).code, 'NRFCLOUD_CONFLICT');
  });

  it('is refused as a claim is', async () => {
    for (const body of [{}, { message: 'invalid' }]) {
      service.respondWith([422, body]);
      assert.equal((await errorOf(dryRun())).code, 'NRFCLOUD_REJECTED');
    }
    assert.equal(service.requests.length, 2);
  });

  for (const [refusal, look, code, operation] of [
    [[409, {}], [401], 'NRFCLOUD_UNAUTHORIZED', 'get device'],
    [[422, { message: 'already claimed' }], [401], 'NRFCLOUD_REJECTED', 'claim'],
  ] as const) {
    it(`after HTTP ${refusal[0]} and a look-up that fails it ends with the failure of ${operation}`, async () => {
      service.respondWith(refusal, look);
      const error = await errorOf(dryRun());
      assert.deepEqual([error.code, error.cause.operation], [code, operation]);
    });
  }

  for (const refusal of [
    [409, {}],
    [422, { message: 'already claimed' }],
  ] as const) {
    it(`ends with its flow while a device is looked up: ${refusal[0]}`, async () => {
      const stop = new Abort();
      service.respondWith(refusal, () => stop.abort());
      const { code } = await errorOf(dryRunClaim(service.api({ api: 'current' }, { signal: stop }), CLAIM));
      assert.equal(code, 'NRFCLOUD_CLOSED');
    });
  }
});
