import assert from 'node:assert/strict';
import { createRule, listRules, stateOfRule, tagsOfRule } from '../../../nodes/api/rules';
import { errorOf, ScriptedServer } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const RULE = { name: 'Onboarding', active: true, commands: [], tags: ['t'] };

describe('rules', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  it('listRules reads all pages, a bare array, and an empty body', async () => {
    service.respondWith([200, { items: [{ tags: ['t'] }], pageNextToken: 'p' }], [200, { items: [RULE, 'x'] }]);
    assert.deepEqual(await listRules(service.api()), { statusCode: 200, body: [{ tags: ['t'] }, RULE] });
    service.respondWith([200, [RULE]], [204]);
    assert.deepEqual((await listRules(service.api())).body, [RULE]);
    assert.deepEqual(await listRules(service.api()), { statusCode: 204, body: [] });
    assert.equal(service.lines[0], 'GET /provisioning-rules');
  });

  it('listRules requests again after a failure, unless it is to be requested once', async () => {
    service.respondWith([500], [200, [RULE]], [500]);
    assert.deepEqual((await listRules(service.api())).body, [RULE]);
    assert.equal((await errorOf(listRules(service.api(), { sendOnce: true }))).cause.attempts, 1);
  });

  it('listRules does not believe another body', async () => {
    service.respondWith([200, { error: 'blocked by the gateway' }]);
    assert.equal((await errorOf(listRules(service.api()))).code, 'NRFCLOUD_BAD_RESPONSE');
  });

  it('tagsOfRule gives the tags that are text', () => {
    assert.deepEqual([tagsOfRule({ tags: ['a', 5] }), tagsOfRule({}), tagsOfRule({ tags: 'a' })], [['a'], [], []]);
  });

  for (const [rule, state] of [
    [{ active: true }, 'active'],
    [{ active: false }, 'draft'],
    [{ active: false, status: 'ACTIVE' }, 'draft'],
    [{ status: 'active' }, 'active'],
    [{ status: 'Draft' }, 'draft'],
    [{ status: 'INACTIVE' }, 'draft'],
    [{ active: 'yes', status: 'ACTIVE' }, 'active'],
    [{ status: 'PAUSED' }, undefined],
    [{ status: 1 }, undefined],
    [{}, undefined],
  ] as const) {
    it(`stateOfRule: ${JSON.stringify(rule)} is ${state ?? 'not known'}`, () => {
      assert.equal(stateOfRule(rule), state);
    });
  }

  it('createRule sends the definition and believes an empty body or the rule', async () => {
    service.respondWith([201], [201, { id: 'r1', ...RULE }], [201, { id: 'r1' }]);
    assert.deepEqual(await createRule(service.api(), RULE), { statusCode: 201, body: undefined });
    assert.deepEqual((await createRule(service.api(), RULE)).body, { id: 'r1', ...RULE });
    assert.deepEqual((await createRule(service.api(), RULE)).body, { id: 'r1' });
    assert.deepEqual(JSON.parse(service.requests[0]!.body), RULE);
  });

  for (const body of [[], { name: 'Other', id: 'r2' }, { active: true }]) {
    it(`createRule does not believe ${JSON.stringify(body)}`, async () => {
      service.respondWith([201, body]);
      const { code, message } = await errorOf(createRule(service.api(), RULE));
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assertSentence(message);
    });
  }

  it('createRule is not repeated after a lost response', async () => {
    service.respondWith('reset', [201, { message: 'welcome' }], [409]);
    const lost = await errorOf(createRule(service.api(), RULE));
    assert.deepEqual([lost.code, lost.cause.mayHaveSucceeded], ['NRFCLOUD_UNAVAILABLE', true]);
    const odd = await errorOf(createRule(service.api(), RULE));
    assert.deepEqual([odd.code, odd.cause.mayHaveSucceeded], ['NRFCLOUD_BAD_RESPONSE', true]);
    assert.equal((await errorOf(createRule(service.api(), RULE))).code, 'NRFCLOUD_CONFLICT');
  });
});
