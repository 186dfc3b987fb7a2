import assert from 'node:assert/strict';
import { claim, type ClaimResponse } from '../../../nodes/api/claims';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const ID = '4961c873-408c-45ce-b1ba-7c0d99d88179';
const DEVICE = { id: ID.toUpperCase(), status: 'READY' };
const OTHER = { id: '00000000-0000-4000-8000-000000000000' };
const CLAIM = { claimToken: 'token', tags: [] as string[], deviceId: ID };
/** What a look-up gives. */
const FOUND = { statusCode: 200, body: DEVICE, lookedUp: true };
const NOTHING: ScriptedResponse[] = [[404], [404], [404], [404], [404]];

describe('claim', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());
  const claimOnce = (options = {}): Promise<ClaimResponse> => claim(service.api(options), CLAIM);

  it('sends the token, and tags only if there are any', async () => {
    service.respondWith([201, DEVICE], [200, DEVICE]);
    assert.deepEqual(await claimOnce(), { statusCode: 201, body: DEVICE });
    await claim(service.api(), { ...CLAIM, tags: ['a', 'b'] });
    assert.deepEqual(
      service.requests.map(({ body }) => JSON.parse(body) as unknown),
      [{ claimToken: 'token' }, { claimToken: 'token', tags: ['a', 'b'] }],
    );
  });

  for (const body of [
    '',
    '<html>welcome</html>',
    '{"error":"blocked by the gateway"}',
    '{"message":"welcome"}',
    '[]',
    'null',
    OTHER,
  ]) {
    it(`looks the device up after a success with ${JSON.stringify(body)}`, async () => {
      service.respondWith([200, body], [200, DEVICE]);
      assert.deepEqual(await claimOnce(), FOUND);
      assert.deepEqual(service.lines, ['POST /identities/claimed-devices', `GET /claimed-devices/${ID}`]);
      service.respondWith([200, body], ...NOTHING);
      const error = await errorOf(claimOnce());
      assert.deepEqual([error.code, error.cause.mayHaveSucceeded], ['NRFCLOUD_BAD_RESPONSE', true]);
      service.respondWith([200, body], [200, body]);
      assert.equal((await errorOf(claimOnce())).cause.operation, 'claim');
    });
  }

  it('reports a conflict with the device, if the device is visible', async () => {
    service.respondWith([409, { message: 'claimed' }], [200, DEVICE]);
    const { conflict, ...rest } = await claimOnce();
    assert.deepEqual(rest, FOUND);
    assert.equal(conflict?.code, 'NRFCLOUD_CONFLICT');
  });

  for (const status of [403, 404, 409, 422]) {
    it(`is a conflict if the device is claimed but not visible: ${status}`, async () => {
      service.respondWith([409, {}], [status, {}]);
      const { code, cause, message } = await errorOf(claimOnce());
      assert.deepEqual([code, cause.operation, cause.mayHaveSucceeded], ['NRFCLOUD_CONFLICT', 'claim', undefined]);
      assert.equal(service.requests.length, 2);
      assertSentence(message);
    });
  }

  for (const [status, body, code] of [
    [401, '{}', 'NRFCLOUD_UNAUTHORIZED'],
    [500, '{}', 'NRFCLOUD_UNAVAILABLE'],
    [200, '"text"', 'NRFCLOUD_BAD_RESPONSE'],
    [200, OTHER, 'NRFCLOUD_BAD_RESPONSE'],
  ] as const) {
    it(`reports why a conflict could not be looked up: ${status} ${JSON.stringify(body)}`, async () => {
      service.respondWith([409, {}], [status, body]);
      assert.equal((await errorOf(claimOnce({ retries: 0 }))).code, code);
    });
  }

  it('reports why a conflict could not be looked up, also if it says that the device is claimed', async () => {
    service.respondWith([409, { message: 'already claimed' }], [500]);
    assert.equal((await errorOf(claimOnce({ retries: 0 }))).code, 'NRFCLOUD_UNAVAILABLE');
  });

  it('is a conflict whatever its look-up gives, if the device must be new', async () => {
    for (const look of [[401], [500], [200, OTHER]] as const) {
      service.respondWith([409, {}], look);
      const { code, cause } = await errorOf(claim(service.api({ retries: 0 }), { ...CLAIM, mustBeNew: true }));
      assert.deepEqual([code, cause.statusCode], ['NRFCLOUD_CONFLICT', 409]);
    }
  });

  for (const [status, body, code] of [
    [404, '', 'NRFCLOUD_NOT_FOUND'],
    [422, {}, 'NRFCLOUD_REJECTED'],
    [400, '<html>refused</html>', 'NRFCLOUD_REJECTED'],
    [400, { message: 'claim token already expired' }, 'NRFCLOUD_REJECTED'],
  ] as const) {
    it(`after a refusal that names no other cause the device is looked up: ${status} ${JSON.stringify(body)}`, async () => {
      service.respondWith([status, body], [200, DEVICE]);
      const { conflict, ...rest } = await claimOnce();
      assert.deepEqual(rest, FOUND);
      assert.deepEqual([conflict?.code, conflict?.cause.statusCode], [code, status]);
      for (const look of [[404], [403], [401], [200, OTHER]] as const) {
        service.respondWith([status, body], look);
        const error = await errorOf(claimOnce());
        assert.deepEqual([error.code, error.cause.mayHaveSucceeded], [code, undefined]);
      }
      assert.equal(service.requests.length, 10);
    });
  }

  it('after a refusal that says nothing the device is looked up once', async () => {
    service.respondWith([422], [500]);
    assert.equal((await errorOf(claimOnce())).code, 'NRFCLOUD_REJECTED');
    assert.equal(service.requests.length, 2);
  });

  for (const [status, body, code] of [
    [401, {}, 'NRFCLOUD_UNAUTHORIZED'],
    [401, { message: 'already claimed' }, 'NRFCLOUD_UNAUTHORIZED'],
    // A key that may not claim must not look ready because the device is the account's own already.
    [403, { message: 'Forbidden' }, 'NRFCLOUD_FORBIDDEN'],
    [403, '', 'NRFCLOUD_FORBIDDEN'],
    [400, { message: 'The signature is wrong' }, 'NRFCLOUD_REJECTED'],
    [404, 'Unknown device', 'NRFCLOUD_NOT_FOUND'],
  ] as const) {
    it(`after a refusal for another cause the device is not looked up: ${status} ${JSON.stringify(body)}`, async () => {
      service.respondWith([status, body]);
      const error = await errorOf(claimOnce());
      assert.deepEqual([error.code, error.cause.mayHaveSucceeded], [code, undefined]);
      assert.equal(service.requests.length, 1);
    });
  }

  for (const [status, body] of [
    [400, { message: 'Device is already claimed' }],
    [403, { message: 'The device has been claimed by your team' }],
    [404, 'The device was claimed by your team'],
    [422, { errors: [{ message: 'owned by you' }] }],
  ] as const) {
    it(`is a conflict if a refusal says that the device is claimed, also if it is not visible: ${status}`, async () => {
      service.respondWith([status, body], [200, DEVICE]);
      const { conflict, ...rest } = await claimOnce();
      assert.deepEqual(rest, FOUND);
      assert.equal(conflict?.cause.statusCode, status);
      for (const look of [[404], [403]] as const) {
        service.respondWith([status, body], look);
        const error = await errorOf(claimOnce());
        assert.deepEqual([error.code, error.cause.statusCode], ['NRFCLOUD_CONFLICT', status]);
        assertSentence(error.message);
      }
    });
  }

  it('is refused as before if a refusal says that the device is claimed, and it cannot be looked up', async () => {
    service.respondWith([422, { message: 'already claimed' }], [500]);
    const error = await errorOf(claimOnce({ retries: 0 }));
    assert.deepEqual([error.code, error.cause.statusCode], ['NRFCLOUD_REJECTED', 422]);
  });

  it('has succeeded if the device is there after a lost response', async () => {
    service.respondWith('reset', [200, DEVICE]);
    assert.deepEqual(await claimOnce(), FOUND);
    assert.equal(service.requests.length, 2);
  });

  it('looks again for a device that is not there yet after the last lost response, but not for another one', async () => {
    service.respondWith('reset', [404], [200, DEVICE]);
    assert.deepEqual(await claimOnce({ retries: 0 }), FOUND);
    service.respondWith('reset', [200, OTHER]);
    assert.equal((await errorOf(claimOnce({ retries: 0 }))).cause.mayHaveSucceeded, true);
    assert.equal(service.requests.length, 5);
  });

  it('may have succeeded if the flow is stopped between two look-ups', async () => {
    const stop = new Abort();
    const owner = { signal: stop, onWaiting: () => stop.abort() };
    service.respondWith([200, '<html>'], [404]);
    const { code, cause } = await errorOf(claim(service.api({ lookUpDelaysMs: [60_000] }, owner), CLAIM));
    assert.deepEqual([code, cause.operation, cause.mayHaveSucceeded], ['NRFCLOUD_CLOSED', 'claim', true]);
  });

  for (const body of [OTHER, { message: 'welcome' }, '', '<html>']) {
    it(`does not take ${JSON.stringify(body)} for the device after a lost response`, async () => {
      service.respondWith('reset', [200, body], [201, DEVICE]);
      assert.deepEqual(await claimOnce(), { statusCode: 201, body: DEVICE });
      assert.equal(service.requests.length, 3);
    });
  }

  for (const [status, code] of [
    [409, 'NRFCLOUD_CONFLICT'],
    [404, 'NRFCLOUD_NOT_FOUND'],
    [422, 'NRFCLOUD_REJECTED'],
    [403, 'NRFCLOUD_FORBIDDEN'],
  ] as const) {
    it(`has succeeded if its repetition is refused and the device shows up late: ${status}`, async () => {
      service.respondWith('reset', [404], [status, {}], [404], [404], [404], [404], [200, DEVICE]);
      assert.deepEqual(await claimOnce(), FOUND);
      service.respondWith('reset', [404], [status, {}], ...NOTHING);
      const error = await errorOf(claimOnce());
      assert.deepEqual([error.code, error.cause.mayHaveSucceeded], [code, true]);
      assert.equal(service.requests.length, 16);
    });
  }

  it('is an uncertain conflict if its repetition is refused and the device is not visible', async () => {
    service.respondWith('reset', [404], [409, {}], [403, {}]);
    const { code, cause, message } = await errorOf(claimOnce());
    assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_CONFLICT', true]);
    assert.equal(service.requests.length, 4);
    assertSentence(message);
  });

  it('says after a timeout that the device may have been claimed', async () => {
    service.respondWith(() => undefined, ...NOTHING);
    const { code, cause, message } = await errorOf(claimOnce({ retries: 0, timeout: 0.5 }));
    assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_TIMEOUT', true]);
    assertSentence(message);
    assert.equal(service.requests.length, 6);
  });

  it('does not look again if the key of its repetition is not accepted', async () => {
    service.respondWith('reset', [404], [401, {}]);
    assert.equal((await errorOf(claimOnce())).cause.attempts, 2);
    assert.equal(service.requests.length, 3);
  });

  describe('twice at once', () => {
    it('with the same tags in any order is one claim with as many results', async () => {
      service.respondWith([201, DEVICE]);
      const client = service.client();
      const all = [
        ['a', 'b'],
        ['b', 'a'],
        ['a', 'b'],
      ].map((tags) => claim(service.apiOf(client), { ...CLAIM, tags }));
      const [first, second, third] = await Promise.all(all);
      assert.deepEqual([first, second, third], Array(3).fill({ statusCode: 201, body: DEVICE }));
      assert.notEqual(first!.body, second!.body);
      assert.equal(service.requests.length, 1);
      assert.equal(client.load().waiting, 0);
    });

    it('fails for both if it fails', async () => {
      service.respondWith([422, {}], [404]);
      const client = service.client();
      const errors = await Promise.all([1, 2].map(() => errorOf(claim(service.apiOf(client), CLAIM))));
      assert.deepEqual(
        errors.map(({ code }) => code),
        ['NRFCLOUD_REJECTED', 'NRFCLOUD_REJECTED'],
      );
      assert.equal(service.requests.length, 2);
    });

    it('is made for the second if the first is stopped', async () => {
      const stop = new Abort();
      service.respondWith(() => stop.abort(), [201, DEVICE]);
      const client = service.client();
      const first = errorOf(claim(service.apiOf(client, { signal: stop }), CLAIM));
      const second = claim(service.apiOf(client), CLAIM);
      assert.equal((await first).code, 'NRFCLOUD_CLOSED');
      assert.deepEqual(await second, { statusCode: 201, body: DEVICE });
    });

    it('with other tags is made one after the other, and the second finds a device that is visible late', async () => {
      let inFlight = 0;
      const respond =
        (status: number, body: unknown): ScriptedResponse =>
        (_request, response) => {
          assert.equal(++inFlight, 1);
          setImmediate(() => {
            inFlight--;
            response.writeHead(status).end(JSON.stringify(body));
          });
        };
      service.respondWith(respond(201, DEVICE), respond(409, {}), respond(404, {}), respond(200, DEVICE));
      const client = service.client();
      const [first, second] = await Promise.all([
        claim(service.apiOf(client), CLAIM),
        claim(service.apiOf(client), { ...CLAIM, tags: ['x'] }),
      ]);
      assert.equal(first.conflict, undefined);
      assert.equal(second.conflict?.code, 'NRFCLOUD_CONFLICT');
      assert.deepEqual(second.body, DEVICE);
    });

    for (const [what, changed] of [
      ['another token', { claimToken: 'other' }],
      ['other tags', { tags: ['b'] }],
      ['no tags', { tags: [] }],
    ] as const) {
      it(`with ${what} is two claims`, async () => {
        service.respondWith([201, DEVICE], [201, DEVICE]);
        const client = service.client();
        const request = { ...CLAIM, tags: ['a'] };
        await Promise.all(
          [request, { ...request, ...changed, tags: [...(changed.tags ?? ['a'])] }].map((one) =>
            claim(service.apiOf(client), one),
          ),
        );
        assert.equal(service.requests.length, 2);
      });
    }

    it('waits at most as long as its message lives', async () => {
      let release = (): void => undefined;
      service.respondWith((_request, response) => void (release = () => response.end(JSON.stringify(DEVICE))));
      const client = service.client();
      const stop = new Abort();
      const waiting: boolean[] = [];
      const first = claim(service.apiOf(client), CLAIM);
      const owner = { signal: stop, onWaiting: (now: boolean) => void waiting.push(now) };
      const second = errorOf(claim(service.apiOf(client, owner), { ...CLAIM, tags: ['x'] }));
      while (service.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
      stop.abort();
      assert.equal((await second).code, 'NRFCLOUD_CLOSED');
      release();
      await first;
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(waiting, [true, false]);
      assert.equal(service.requests.length, 1);
    });
  });
});
