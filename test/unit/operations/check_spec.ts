import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { NrfCloudError } from '../../../nodes/api/errors';
import type { LoadReport } from '../../../nodes/api/load';
import { check, readCheckInputs, reportLoad, reportUnusable, type CheckInputs } from '../../../nodes/operations/check';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const INPUTS = { tags: ['a'], token: undefined };

describe('check', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start()));
  afterEach(() => service.stop());

  /** What the checks say, by name. */
  const run = async (...responses: ScriptedResponse[]): Promise<{ ready: boolean; ok: Record<string, unknown> }> => {
    service.respondWith(...responses);
    const { ready, checks } = await check(service.api(), INPUTS, () => undefined);
    return { ready, ok: Object.fromEntries(checks.map(({ name, ok }) => [name, ok])) };
  };
  const RULES: ScriptedResponse = [200, [{ tags: ['a'], active: true }]];
  /** Responses by path, as the requests after the first one come in any order. */
  const byPath =
    (tags: ScriptedResponse): ScriptedResponse =>
    (request, response) => {
      const [status, body] = (request.url!.endsWith('/tags') ? tags : RULES) as [number, unknown];
      response.writeHead(status);
      response.end(JSON.stringify(body));
    };

  for (const portal of [
    [200, '<html>Log in to the WLAN</html>'],
    [302, '', { location: 'http://127.0.0.1:9/' }],
    [307, '<html>Moved</html>'],
    [300, 'Choose'],
    [403, '<html>Blocked by the proxy</html>'],
    [404, '<!DOCTYPE html>'],
  ] as ScriptedResponse[]) {
    it(`check: a portal that responds with ${JSON.stringify(portal)} is no connection`, async () => {
      const { ready, ok } = await run(portal);
      assert.equal(ready, false);
      assert.deepEqual([ok['connection'], ok['key'], ok['tag:a']], [false, null, null]);
      assert.equal(service.requests.length, 1);
    });
  }

  it('check: a list of devices in a form that is not known is null', async () => {
    const tags = byPath([200, ['a']]);
    const { ready, ok } = await run([200, { devices: [] }], tags, tags);
    assert.deepEqual([ready, ok['connection'], ok['key'], ok['tag:a']], [true, true, null, true]);
  });

  it('check: a tag is null if the list shows items without a name, and true if it shows the tag', async () => {
    const nameless = byPath([200, { items: [{ id: '1', name: 'a' }] }]);
    assert.equal((await run([200, []], nameless, nameless)).ok['tag:a'], null);
    const both = byPath([200, { items: [{ id: '1', name: 'b' }, { tag: 'a' }] }]);
    assert.equal((await run([200, []], both, both)).ok['tag:a'], true);
    const others = byPath([200, { items: [{ tag: 'b' }] }]);
    assert.equal((await run([200, []], others, others)).ok['tag:a'], false);
  });

  /** Responses by the end of their path, as requests come in any order. */
  const ready: Record<string, ScriptedResponse> = {
    'claimed-devices': [200, []],
    account: [200, { team: { tenantId: 't', name: 'The team' }, role: 'Editor' }],
    tags: [200, [{ tag: 'a' }]],
    'provisioning-rules': RULES,
  };
  const serve = (changes: Record<string, ScriptedResponse> = {}): void => {
    const responses = { ...ready, ...changes };
    service.respondWith(
      ...Array.from({ length: 8 }, (): ScriptedResponse => (request, response) => {
        const path = request.method === 'POST' ? 'POST' : new URL(request.url!, 'http://x').pathname.split('/').at(-1)!;
        const [status, body] = (responses[path] ?? [404]) as [number, unknown];
        response.writeHead(status);
        response.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
      }),
    );
  };
  /** The checks that are not as they are when everything is ready. */
  const deviations = async (
    changes: Record<string, ScriptedResponse>,
    inputs: CheckInputs = INPUTS,
    options: Parameters<ScriptedServer['api']>[0] = {},
  ): Promise<Record<string, boolean | null>> => {
    serve(changes);
    const api = service.api({ deviceApiUrl: service.origin, retries: 0, ...options });
    const { checks } = await check(api, inputs, () => undefined);
    for (const { message } of checks) assertSentence(message);
    return Object.fromEntries(checks.filter(({ ok }) => ok !== true).map(({ name, ok }) => [name, ok]));
  };

  it('check: everything is ready, and each status is reported', async () => {
    serve();
    const statuses: number[] = [];
    const api = service.api({ deviceApiUrl: service.origin });
    const report = await check(api, INPUTS, (status) => statuses.push(status));
    assert.equal(report.ready, true);
    assert.deepEqual(
      report.checks.map(({ name, ok }) => [name, ok]),
      ['connection', 'key', 'account', 'role', 'api', 'tag:a', 'rule'].map((name) => [name, true]),
    );
    assert.deepEqual(statuses, [200, 200, 200]);
    assert.equal(service.requests.length, 4);
  });

  const token = { claimToken: 'x', deviceId: 'd' };
  for (const [what, changes, expected, inputs] of [
    [
      'a service that fails',
      { 'claimed-devices': [500] },
      { connection: false, key: null, account: null, role: null, api: null, 'tag:a': null, rule: null, dryRun: null },
      { ...INPUTS, token },
    ],
    [
      'a key that is refused',
      { 'claimed-devices': [401] },
      { key: false, account: null, role: null, api: null, 'tag:a': null, rule: null },
    ],
    [
      'a key that is forbidden',
      { 'claimed-devices': [403] },
      { key: false, account: null, role: null, api: null, 'tag:a': null, rule: null },
    ],
    ['an account that is refused', { account: [401] }, { account: false, role: null }],
    ['an account that is forbidden', { account: [403] }, { account: false, role: null }],
    ['an account that a proxy blocks', { account: [403, '<html>Blocked</html>'] }, { account: null, role: null }],
    ['an account that cannot be read', { account: [500] }, { account: null, role: null }],
    ['an account without a role', { account: [200, { team: { name: 'x' } }] }, { role: null }],
    ['an account without a team', { account: [200, { role: 'owner' }] }, {}],
    ['a viewer', { account: [200, { role: 'VIEWER' }] }, { role: false }],
    ['another role', { account: [200, { role: 'guest' }] }, { role: null }],
    ['paths that are not known', { tags: [404] }, { api: false, 'tag:a': null }],
    ['tags that cannot be read', { tags: [500] }, { api: null, 'tag:a': null }],
    ['a web page with 404 in place of the tags', { tags: [404, '<!DOCTYPE html>'] }, { api: null, 'tag:a': null }],
    ['a tag that is missing', { tags: [200, [{ tag: 'b' }]] }, { 'tag:a': false }],
    ['tags without a name', { tags: [200, [{ id: 1 }]] }, { 'tag:a': null }],
    ['rules that cannot be read', { 'provisioning-rules': [500] }, { rule: null }],
    ['rules for other tags', { 'provisioning-rules': [200, [{ tags: ['b'], active: true }]] }, { rule: false }],
    ['a draft', { 'provisioning-rules': [200, [{ tags: ['b', 'a'], active: false }]] }, { rule: false }],
    ['a rule in an unknown state', { 'provisioning-rules': [200, [{ tags: ['a'] }]] }, { rule: null }],
    ['no tags', {}, { rule: null }, { tags: [], token: undefined }],
    ['a dry run of the version guide', {}, { dryRun: null }, { ...INPUTS, token }],
  ] as [string, Record<string, ScriptedResponse>, Record<string, boolean | null>, CheckInputs?][]) {
    it(`check: reports ${what}`, async () => assert.deepEqual(await deviations(changes, inputs), expected));
  }

  for (const [what, response, expected] of [
    ['can be claimed', [202], {}],
    ['is claimed already', [409], {}],
    ['is refused', [400, { message: 'bad token' }], { dryRun: false }],
    ['is forbidden', [403], { dryRun: false }],
    ['is not known', [404], { dryRun: false }],
    ['cannot be checked, as a proxy blocks it', [403, '<html>Blocked</html>'], { dryRun: null }],
    ['cannot be checked', [500], { dryRun: null }],
  ] as [string, ScriptedResponse, Record<string, boolean | null>][]) {
    it(`check: a dry run says that the device ${what}`, async () => {
      const found = await deviations(
        { POST: response, d: [200, { id: 'd' }] },
        { ...INPUTS, token },
        { api: 'current' },
      );
      assert.deepEqual(found, expected);
    });
  }

  it('check: a dry run says that the device is claimed by another team', async () => {
    const changes: Record<string, ScriptedResponse> = { POST: [409], d: [404] };
    assert.deepEqual(await deviations(changes, { ...INPUTS, token }, { api: 'current' }), { dryRun: false });
  });

  it('check: says of a key that it is an organization auth token', async () => {
    assert.deepEqual(await deviations({}, INPUTS, { apiKey: 'oat_key' }), {});
  });

  it('check: requests everything once, also after a failure', async () => {
    const failing: ScriptedResponse = [500];
    const changes = { account: failing, tags: failing, 'provisioning-rules': failing };
    assert.deepEqual(await deviations(changes, INPUTS, { retries: 3 }), {
      account: null,
      role: null,
      api: null,
      'tag:a': null,
      rule: null,
    });
    assert.equal(service.requests.length, 4);
  });

  it('check: a dry run of the version guide sends nothing', async () => {
    await deviations({}, { ...INPUTS, token });
    assert.equal(service.requests.length, 4);
  });

  it('check: paths of the version current that are not known', async () => {
    assert.deepEqual(await deviations({ tags: [404] }, INPUTS, { api: 'current' }), { api: false, 'tag:a': null });
  });

  for (const [what, response, expected] of [
    ['a failure', [500], [500]],
    ['no response', 'reset', []],
  ] as const) {
    it(`check: reports the status of ${what}`, async () => {
      service.respondWith(response);
      const statuses: number[] = [];
      await check(service.api({ retries: 0 }), INPUTS, (status) => statuses.push(status));
      assert.deepEqual(statuses, expected);
    });
  }

  it('check: text that is not a web page is a response of the service', async () => {
    const { ready, ok } = await run([200, 'not a list'], ...Array<ScriptedResponse>(3).fill([500]));
    assert.deepEqual([ready, ok['connection'], ok['key']], [true, true, null]);
  });

  it('check: ends when the flow is stopped', async () => {
    const stop = new Abort();
    service.respondWith(() => stop.abort());
    const api = service.api({}, { signal: stop });
    const { code } = await errorOf(check(api, INPUTS, () => undefined));
    assert.equal(code, 'NRFCLOUD_CLOSED');
  });

  it('check: a defect is thrown', async () => {
    const defect = new TypeError('a defect');
    const api = service.api();
    mock.method(api, 'send', () => Promise.reject(defect));
    await assert.rejects(
      check(api, INPUTS, () => undefined),
      (error) => error === defect,
    );
  });
});

describe('reports without a request', () => {
  it('reportLoad: the connection is not known, unless an outage lasts', () => {
    const load = { outageSince: null } as LoadReport;
    for (const [outageSince, ok] of [
      [null, null],
      ['2026-11-28T00:00:00.000Z', false],
    ] as const) {
      const { ready, checks } = reportLoad({ ...load, outageSince });
      assert.deepEqual([ready, checks.map(({ name }) => name), checks[0]!.ok], [ok !== false, ['connection'], ok]);
      assertSentence(checks[0]!.message);
    }
  });
});

describe('reportUnusable', () => {
  it('reportUnusable: the connection has a problem, and nothing else can be told', () => {
    const problem = new NrfCloudError('NRFCLOUD_NOT_CONFIGURED', 'no key', { operation: 'claim', attempts: 0 });
    const { ready, checks } = reportUnusable(problem, INPUTS);
    assert.equal(ready, false);
    assert.deepEqual(
      checks.map(({ name, ok }) => [name, ok]),
      [['connection', false], ...['key', 'account', 'role', 'api', 'tag:a', 'rule'].map((name) => [name, null])],
    );
    assert.equal(checks[0]!.message, 'no key');
  });
});

describe('readCheckInputs', () => {
  const source = { tags: 'msg.tags', token: 'msg.token' };

  it('readCheckInputs: a token that is not given is none', () => {
    for (const token of [undefined, null, '']) {
      assert.deepEqual(readCheckInputs({ tags: 'a,b', token }, source), { tags: ['a', 'b'], token: undefined });
    }
  });

  it('readCheckInputs: tags may be missing in a message, and nowhere else', () => {
    assert.deepEqual(readCheckInputs({ tags: undefined, token: '' }, source).tags, []);
    assert.throws(
      () => readCheckInputs({ tags: undefined, token: '' }, { ...source, tags: 'flow.tags' }),
      (error: NrfCloudError) => error.code === 'NRFCLOUD_INVALID_INPUT',
    );
  });

  it('readCheckInputs: refuses tags and tokens by their source', () => {
    for (const inputs of [
      { tags: 7, token: '' },
      { tags: '', token: 'x' },
    ]) {
      assert.throws(
        () => readCheckInputs(inputs, source),
        (error: Error) => {
          assertSentence(error.message);
          return true;
        },
      );
    }
  });
});
