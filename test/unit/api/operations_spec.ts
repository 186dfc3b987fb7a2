import assert from 'node:assert/strict';
import { bulkStatus, errorSummary, operationIdOf, uploadClaims } from '../../../nodes/api/bulk';
import { claim, dryRunClaim } from '../../../nodes/api/claims';
import { getDevice, unclaimDevice } from '../../../nodes/api/devices';
import { testConnection, type ConnectionTestResult } from '../../../nodes/api/connection-test';
import { Abort } from '../../../nodes/util/abort';
import { createTag, ensureTag, getTag, listTags, tagNames, updateTag } from '../../../nodes/api/tags';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';

const ID = '4961c873-408c-45ce-b1ba-7c0d99d88179';
const DEVICE = { deviceId: ID, provisioningStatus: 'PROVISIONED' };
const CLAIM = { claimToken: 'token', tags: [] as string[], deviceId: ID };

describe('an operation, against a service that answers as it was told,', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  /** The error that an operation ends with, in the parts that users see. */
  const failure = async (operation: Promise<unknown>): Promise<{ code: string; message: string; attempts: number }> => {
    const error = await errorOf(operation);
    return { code: error.code, message: error.message, attempts: error.cause.attempts };
  };
  const SOMEBODY_ELSES =
    'claim: the device is claimed already, and not by this account; its owner must unclaim it first';

  describe('claim', () => {
    it('sends the token, and tags only if there are any', async () => {
      service.respondWith([201, DEVICE], [200, DEVICE]);
      const session = service.session();
      assert.deepEqual(await claim(session, CLAIM), { statusCode: 201, body: DEVICE });
      await claim(session, { ...CLAIM, tags: ['a', 'b'] });
      assert.deepEqual(
        service.requests.map(({ body }) => JSON.parse(body) as unknown),
        [{ claimToken: 'token' }, { claimToken: 'token', tags: ['a', 'b'] }],
      );
    });

    it('refuses a success that shows no device', async () => {
      service.respondWith([201, [DEVICE]]);
      const { code, message } = await failure(claim(service.session(), CLAIM));
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assert.match(message, /but its body is not a device; its work is probably done/);
      assert.equal(service.requests.length, 1);
    });

    it('tells of a conflict and gives the device, if it is the own one', async () => {
      service.respondWith([409, { message: 'claimed' }], [200, DEVICE]);
      const { conflict, ...rest } = await claim(service.session(), CLAIM);
      assert.deepEqual(rest, { statusCode: 200, body: DEVICE });
      assert.equal(conflict?.code, 'NRFCLOUD_CONFLICT');
      assert.equal(service.requests[1]!.method, 'GET');
      assert.ok(service.requests[1]!.url.endsWith(ID));
    });

    for (const status of [403, 404, 409, 422]) {
      it(`tells of a conflict with somebody else, if the device can't be read: ${status}`, async () => {
        service.respondWith([409, {}], [status, {}]);
        const { code, message } = await failure(claim(service.session(), CLAIM));
        assert.deepEqual([code, message], ['NRFCLOUD_CONFLICT', SOMEBODY_ELSES]);
        assert.equal(service.requests.length, 2);
      });
    }

    it('tells why a conflict could not be looked into', async () => {
      for (const [status, code] of [
        [401, 'NRFCLOUD_UNAUTHORIZED'],
        [500, 'NRFCLOUD_UNAVAILABLE'],
        [200, 'NRFCLOUD_BAD_RESPONSE'],
      ] as const) {
        service.respondWith([409, {}], [status, '"text"']);
        assert.equal((await failure(claim(service.session({ retries: 0 }), CLAIM))).code, code);
      }
    });

    it('does not look for the device after a refusal that is certain', async () => {
      for (const [status, code] of [
        [404, 'NRFCLOUD_NOT_FOUND'],
        [422, 'NRFCLOUD_REJECTED'],
        [403, 'NRFCLOUD_FORBIDDEN'],
      ] as const) {
        service.respondWith([status, {}]);
        assert.equal((await failure(claim(service.session(), CLAIM))).code, code);
      }
      assert.equal(service.requests.length, 3);
    });

    it('takes the device for claimed, if it is there after a reply was lost', async () => {
      service.respondWith('reset', [200, DEVICE]);
      assert.deepEqual(await claim(service.session(), CLAIM), { statusCode: 200, body: DEVICE });
      assert.deepEqual(
        service.requests.map(({ method }) => method),
        ['POST', 'GET'],
      );
    });

    for (const status of [409, 404, 422]) {
      it(`looks again, if the repetition of a lost claim is refused: ${status}`, async () => {
        service.respondWith('reset', [404], [status, {}], [200, DEVICE]);
        assert.deepEqual(await claim(service.session(), CLAIM), { statusCode: 200, body: DEVICE });
        service.respondWith('reset', [404], [status, {}], [404, {}]);
        const { code, message } = await failure(claim(service.session(), CLAIM));
        if (status === 409) assert.equal(message, SOMEBODY_ELSES);
        else assert.equal(code, status === 404 ? 'NRFCLOUD_NOT_FOUND' : 'NRFCLOUD_REJECTED');
      });
    }

    for (const status of [401, 403]) {
      it(`does not look again, if the repetition may not be made: ${status}`, async () => {
        service.respondWith('reset', [404], [status, {}]);
        assert.equal((await failure(claim(service.session(), CLAIM))).attempts, 2);
        assert.equal(service.requests.length, 3);
      });
    }
  });

  describe('claim, asked only,', () => {
    const dryRun = (): ReturnType<typeof dryRunClaim> => dryRunClaim(service.session({ api: 'current' }), CLAIM);

    it('gives what the service says', async () => {
      service.respondWith([202]);
      assert.deepEqual(await dryRun(), { statusCode: 202, body: undefined });
      assert.match(service.requests[0]!.url, /\?dryrun=true$/);
      assert.equal(service.requests[0]!.body, '{"claimToken":"token"}');
    });

    it('tells when the service has claimed the device all the same', async () => {
      service.respondWith([201, DEVICE]);
      const { code, message } = await failure(dryRun());
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assert.match(message, /\(HTTP 201\) but has claimed the device instead of only asking; its work is/);
    });

    it('tells whose a claimed device is', async () => {
      service.respondWith([409, {}], [200, DEVICE]);
      const { conflict, ...rest } = await dryRun();
      assert.deepEqual(rest, { statusCode: 200, body: DEVICE });
      assert.equal(conflict?.code, 'NRFCLOUD_CONFLICT');
      service.respondWith([409, {}], [404, {}]);
      assert.equal((await failure(dryRun())).message, SOMEBODY_ELSES);
    });

    it('is refused as a claim is', async () => {
      service.respondWith([422, {}]);
      assert.equal((await failure(dryRun())).code, 'NRFCLOUD_REJECTED');
      assert.equal(service.requests.length, 1);
    });
  });

  describe('bulk claim', () => {
    const upload = (): ReturnType<typeof uploadClaims> => uploadClaims(service.session(), Buffer.from('token\n'));

    for (const [what, status, body] of [
      ['an operation', 202, { bulkOpsRequestId: 'b1' }],
      ['claimed devices', 201, { claimedIds: [] }],
      ['failures', 200, { failed: [] }],
      ['both', 200, { failed: [], claimedIds: [] }],
      ['failures with the status of a refusal', 422, { failed: [{}] }],
      ['a result with the status of a failure', 500, { claimedIds: ['a'] }],
    ] as const) {
      it(`is answered with ${what}`, async () => {
        service.respondWith([status, body]);
        assert.deepEqual(await upload(), { statusCode: status, body });
        const { body: sent, headers } = service.requests[0]!;
        assert.deepEqual([sent, headers['content-type']], ['token\n', 'text/csv']);
      });
    }

    for (const body of [{}, { bulkOpsRequestId: ' ' }, { bulkOpsRequestId: 5 }, { failed: {} }, [], 'null']) {
      it(`is not answered with ${JSON.stringify(body)}`, async () => {
        service.respondWith([200, body]);
        const { code, message } = await failure(upload());
        assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
        assert.match(message, /but its body has neither an operation nor a result; its work/);
      });
    }

    it('has an id without spaces around it', () => {
      assert.equal(operationIdOf({ bulkOpsRequestId: ' b1 ' }), 'b1');
    });
  });

  describe('bulk status', () => {
    it('is asked for once', async () => {
      service.respondWith([500, {}]);
      assert.equal((await failure(bulkStatus(service.session(), 'b1'))).attempts, 1);
      service.respondWith([200, { status: 'NEW' }]);
      assert.deepEqual(await bulkStatus(service.session(), 'b1'), { statusCode: 200, body: { status: 'NEW' } });
      assert.equal(service.requests.length, 2);
    });

    it('is an object', async () => {
      service.respondWith([200, []]);
      assert.match((await failure(bulkStatus(service.session(), 'b1'))).message, /its body is not a bulk operation;/);
    });

    it('may name no error summary', async () => {
      for (const errorSummaryUrl of [undefined, '', 5, null]) {
        const summary = await errorSummary(service.session(), { errorSummaryUrl });
        assert.deepEqual(summary, { problem: 'the service names no error summary' });
      }
    });

    it('names the bulk operation when it is stopped while the error summary is fetched', async () => {
      const stop = new Abort();
      service.respondWith(() => stop.abort());
      const session = service.session({}, { signal: stop });
      const { code, message } = await failure(errorSummary(session, { errorSummaryUrl: `${service.origin}/errors` }));
      assert.equal(code, 'NRFCLOUD_CLOSED');
      assert.match(message, /^bulk status: /);
    });
  });

  describe('get device', () => {
    it('is answered with a device, or nothing', async () => {
      service.respondWith([200, DEVICE], [204]);
      assert.deepEqual(await getDevice(service.session(), ID), { statusCode: 200, body: DEVICE });
      assert.deepEqual(await getDevice(service.session(), ID), { statusCode: 204, body: undefined });
      service.respondWith([200, '"text"']);
      assert.match((await failure(getDevice(service.session(), ID))).message, /its body is not a device;/);
    });
  });

  describe('unclaim device', () => {
    it('has succeeded if its repetition finds nothing', async () => {
      service.respondWith('reset', [404, {}]);
      assert.deepEqual(await unclaimDevice(service.session(), ID), { statusCode: 404, body: undefined });
    });

    it('fails if there was nothing at first, or the repetition is refused', async () => {
      service.respondWith([404, {}]);
      assert.equal((await failure(unclaimDevice(service.session(), ID))).code, 'NRFCLOUD_NOT_FOUND');
      service.respondWith('reset', [403, {}]);
      assert.equal((await failure(unclaimDevice(service.session(), ID))).code, 'NRFCLOUD_FORBIDDEN');
    });
  });

  describe('tags', () => {
    const [ONE, TWO] = [
      { id: '1', tag: 'one' },
      { id: '2', tag: 'two', description: 'second' },
    ];

    it('are listed as received if they come on one page, and put together if on several', async () => {
      service.respondWith([200, [ONE]]);
      assert.deepEqual((await listTags(service.session())).body, [ONE]);
      service.respondWith([200, { items: [ONE], total: 1 }]);
      assert.deepEqual((await listTags(service.session())).body, { items: [ONE], total: 1 });
      service.respondWith([200, { items: [ONE], pageNextToken: 'p' }], [200, { items: [TWO], total: 2 }]);
      assert.deepEqual((await listTags(service.session())).body, { items: [ONE, TWO], total: 2 });
      service.respondWith([200, { items: [ONE], pageNextToken: 5 }], [200, [TWO]]);
      assert.deepEqual((await listTags(service.session())).body, [ONE, TWO]);
      assert.match(service.requests.at(-1)!.url, /\?pageNextToken=5$/);
    });

    it('end with an error where a page is named twice', async () => {
      const page: ScriptedResponse = [200, { items: [], pageNextToken: 'p' }];
      service.respondWith(page, page);
      const { message } = await failure(listTags(service.session()));
      assert.match(message, /but names a page as the next that was read before; check/);
    });

    it('have names, each told once, whatever else stands in the list', async () => {
      service.respondWith([200, { items: [ONE, 'two', TWO, { tag: 5 }, null, 7] }]);
      assert.deepEqual(await tagNames(service.session()), ['one', 'two']);
      service.respondWith([500]);
      assert.equal((await failure(tagNames(service.session()))).attempts, 1);
    });

    it('are found again after the reply to their creation was lost', async () => {
      service.respondWith('reset', [409, {}], [200, [ONE]]);
      assert.deepEqual(await createTag(service.session(), { tag: 'one' }), { statusCode: 200, body: ONE });
      service.respondWith('reset', [409, {}], [200, [TWO]]);
      assert.equal((await failure(createTag(service.session(), { tag: 'one' }))).code, 'NRFCLOUD_CONFLICT');
      service.respondWith('reset', [422, {}]);
      assert.equal((await failure(createTag(service.session(), { tag: 'one' }))).code, 'NRFCLOUD_REJECTED');
      service.respondWith([409, {}]);
      assert.equal((await failure(createTag(service.session(), { tag: 'one' }))).code, 'NRFCLOUD_CONFLICT');
    });

    it('are taken as they are, or made, or taken from who made them meanwhile', async () => {
      service.respondWith([200, [TWO, ONE]]);
      assert.deepEqual(await ensureTag(service.session(), { tag: 'one' }), { statusCode: 200, body: ONE });
      service.respondWith([200, []], [201, ONE]);
      assert.deepEqual(await ensureTag(service.session(), { tag: 'one' }), { statusCode: 201, body: ONE });
      service.respondWith([200, []], [409, {}], [200, [ONE]]);
      assert.deepEqual(await ensureTag(service.session(), { tag: 'one' }), { statusCode: 200, body: ONE });
      service.respondWith([200, []], [422, {}]);
      assert.equal((await failure(ensureTag(service.session(), { tag: 'one' }))).code, 'NRFCLOUD_REJECTED');
    });

    it('get their id looked up where the creation shows none', async () => {
      service.respondWith([204], [200, ['one', ONE]]);
      assert.deepEqual(await createTag(service.session(), { tag: 'one' }), { statusCode: 204, body: undefined });
      service.respondWith([204], [200, [ONE]]);
      assert.deepEqual(await createTag(service.session(), { tag: 'one' }), {
        statusCode: 204,
        body: undefined,
        id: '1',
      });
      service.respondWith([204], [200, []]);
      assert.deepEqual(await createTag(service.session(), { tag: 'one' }), { statusCode: 204, body: undefined });
    });

    it('are read as whatever is no bare value', async () => {
      service.respondWith([204], [200, [ONE]], [200, ONE]);
      for (const body of [undefined, [ONE], ONE]) assert.deepEqual((await getTag(service.session(), '1')).body, body);
      service.respondWith([200, '"one"']);
      assert.match(
        (await failure(getTag(service.session(), '1'))).message,
        /its body is neither a tag nor a list of tags;/,
      );
    });

    it('are changed as a whole', async () => {
      const sent = (): unknown => JSON.parse(service.requests.at(-1)!.body);
      service.respondWith([200]);
      await updateTag(service.session(), '2', { tag: 'new', description: 'd' });
      assert.deepEqual(sent(), { tag: 'new', description: 'd' });
      service.respondWith([200, TWO], [200]);
      await updateTag(service.session(), '2', { tag: 'new' });
      assert.deepEqual(sent(), { tag: 'new', description: 'second' });
      service.respondWith([200, ONE], [200]);
      await updateTag(service.session(), '1', { tag: 'new' });
      assert.deepEqual(sent(), { tag: 'new' });
      service.respondWith([200, { ...ONE, description: 5 }], [200]);
      await updateTag(service.session(), '1', { tag: 'new' });
      assert.deepEqual(sent(), { tag: 'new' });
    });

    it('are looked for in the list where their own path shows something else', async () => {
      for (const elsewhere of [
        [404, {}],
        [200, {}],
      ] as const) {
        service.respondWith(elsewhere, [200, [{ id: '2' }, ONE, TWO]], [200]);
        await updateTag(service.session(), '2', { tag: 'new' });
        assert.equal(service.requests.at(-1)!.body, '{"tag":"new","description":"second"}');
        service.respondWith(elsewhere, [200, [ONE, { id: '2', tag: 5 }]]);
        const { code, message } = await failure(updateTag(service.session(), '2', { tag: 'new' }));
        if (elsewhere[0] === 404) assert.equal(code, 'NRFCLOUD_NOT_FOUND');
        else assert.match(message, /but its body is not a tag; check/);
      }
      service.respondWith([403, {}]);
      assert.equal((await failure(updateTag(service.session(), '2', { tag: 'new' }))).code, 'NRFCLOUD_FORBIDDEN');
    });
  });

  describe('a test of the connection', () => {
    const test = (): Promise<ConnectionTestResult> =>
      testConnection(
        { guide: service.client({ api: 'guide' }), current: service.client({ api: 'current' }) },
        { signal: new Abort(), lane: 'test' },
      );

    it('tells which generations answer', async () => {
      service.respondWith([200, { items: [] }], [200, []], [404]);
      assert.deepEqual(await test(), { reachable: true, keyAccepted: true, generations: ['guide'] });
      service.respondWith([200, []], [500], [200, []]);
      assert.deepEqual(await test(), { reachable: true, keyAccepted: true, generations: ['current'] });
      assert.equal(service.requests.length, 6);
    });

    it('tells what is wrong', async () => {
      for (const status of [401, 403]) {
        service.respondWith([status, {}]);
        const { problem, ...rest } = await test();
        assert.deepEqual(rest, { reachable: true, keyAccepted: false, generations: [] });
        assert.match(problem!, new RegExp(`HTTP ${status}`));
      }
      service.respondWith([500]);
      const { problem, ...rest } = await test();
      assert.deepEqual(rest, { reachable: true, generations: [] });
      assert.match(problem!, /HTTP 500/);
      service.respondWith('reset');
      assert.equal((await test()).reachable, false);
    });

    for (const body of ['null', '"text"', { items: {} }, {}, '']) {
      it(`takes no ${JSON.stringify(body)} for a list`, async () => {
        service.respondWith([200, body]);
        const { problem, ...rest } = await test();
        assert.deepEqual(rest, { reachable: true, generations: [] });
        assert.match(problem!, /but its body is not a list; check/);
      });
    }
  });
});
