import assert from 'node:assert/strict';

import { call, useSimulator } from './harness';

const KEY = { request: { cloudAccessKeyGeneration: { secTag: 16842753 } } };
const FINISHED = { request: { finished: {} } };
const rule = (change: Record<string, unknown> = {}) => ({
  name: 'Onboarding',
  description: 'd',
  active: true,
  commands: [KEY],
  tags: ['a'],
  ...change,
});

describe('simulator: provisioning rules', () => {
  const sim = useSimulator();
  const create = (change?: Record<string, unknown>) =>
    call(sim(), 'POST', '/provisioning-rules', { body: rule(change) });
  const list = (query = '') => call(sim(), 'GET', `/provisioning-rules${query}`);
  const device = (...tags: string[]) => {
    sim().setDeviceBehaviour('default', { contactAfterMs: null });
    return sim().fill(1, tags)[0]!;
  };

  for (const api of ['guide', 'current'] as const) {
    it(`${api}: a rule is created and listed`, async () => {
      sim().set({ api });
      assert.deepEqual((await list()).json, { items: [] });
      const created = await create();
      assert.equal(created.status, 201);
      const { id, ...shown } = created.json;
      assert.match(id, /^[\da-f-]{36}$/);
      assert.deepEqual(shown, { name: 'Onboarding', description: 'd', tags: ['a'], commands: [KEY], status: 'ACTIVE' });
      assert.deepEqual((await list()).json, { items: [created.json] });
      assert.deepEqual(sim().rules(), [created.json]);
    });
  }

  it('lists rules in the envelope and with the fields that are set', async () => {
    await create();
    sim().set({ ruleFields: 'tags' });
    assert.deepEqual((await list()).json, { items: [{ tags: ['a'] }] });
    sim().set({ ruleListShape: 'array' });
    assert.deepEqual((await list()).json, [{ tags: ['a'] }]);
    sim().set({ ruleListShape: 'empty' });
    assert.deepEqual([(await list()).status, (await list()).text], [200, '']);
    sim().set({ ruleListShape: 'items', ruleFields: 'full' });
    await create({ name: 'Draft', active: false });
    for (const [ruleState, fields] of [
      [
        'status',
        [
          ['ACTIVE', undefined],
          ['DRAFT', undefined],
        ],
      ],
      [
        'active',
        [
          [undefined, true],
          [undefined, false],
        ],
      ],
      [
        'both',
        [
          ['ACTIVE', true],
          ['DRAFT', false],
        ],
      ],
      [
        'none',
        [
          [undefined, undefined],
          [undefined, undefined],
        ],
      ],
    ] as const) {
      sim().set({ ruleState });
      const { items } = (await list()).json as { items: { status?: string; active?: boolean }[] };
      assert.deepEqual(
        items.map(({ status, active }) => [status, active]),
        fields,
      );
    }
  });

  it('lists rules page by page', async () => {
    sim().set({ rulePageSize: 2 });
    for (const name of ['1', '2', '3']) await create({ name });
    const first = (await list()).json;
    assert.equal(first.items.length, 2);
    const second = (await list(`?pageNextToken=${encodeURIComponent(first.pageNextToken)}`)).json;
    assert.deepEqual([second.items.length, second.pageNextToken], [1, undefined]);
    assert.equal((await list('?pageNextToken=x')).status, 400);
  });

  it('refuses a second rule of the same name, and what is no rule', async () => {
    await create();
    for (const status of [409, 400, 422]) {
      sim().set({ ruleDuplicateStatus: status });
      assert.equal((await create()).status, status);
    }
    for (const change of [
      { name: '' },
      { commands: [] },
      { tags: [] },
      { tags: ['x'.repeat(101)] },
      { active: 1 },
      { description: 1 },
      { commands: [{ request: { nothing: {} } }] },
    ]) {
      assert.equal((await create({ name: 'other', ...change })).status, 400, JSON.stringify(change));
    }
    sim().set({ ruleInvalidStatus: 422 });
    assert.equal((await create({ name: 'other', commands: [] })).status, 422);
    assert.equal(sim().rules().length, 1);
  });

  it('a tag that is not defined is created or refused', async () => {
    await create({ tags: ['new'] });
    assert.equal(sim().tags()[0]?.['tag'], 'new');
    sim().set({ ruleUndefinedTags: 'refuse' });
    assert.equal((await create({ name: 'b', tags: ['newer'] })).status, 400);
    await call(sim(), 'POST', '/provisioning/tags', { body: { tag: 'newer' } });
    assert.equal((await create({ name: 'b', tags: ['newer'] })).status, 201);
  });

  it('a rule applies when a device with its tag contacts the service', async () => {
    const deviceId = device('a');
    const other = device('b');
    await create({ commands: [FINISHED, KEY] });
    const commands = async () => (await call(sim(), 'GET', `/claimed-devices/${deviceId}/provisioning`)).json.items;
    assert.deepEqual(await commands(), []);
    const report = sim().contact(deviceId);
    assert.equal(report.commandIds.length, 2);
    const shown: { request: object; status: string }[] = await commands();
    assert.deepEqual(
      shown.map(({ status }) => status),
      ['SUCCEEDED', 'SUCCEEDED'],
    );
    assert.equal(sim().contact(other).outcome, 'idle');
    assert.equal(sim().contact(deviceId).outcome, 'idle');
  });

  it('the commands of a rule can be hidden', async () => {
    const deviceId = device('a');
    await create();
    sim().set({ ruleCommands: 'hidden' });
    const [id] = sim().contact(deviceId).commandIds;
    const path = `/claimed-devices/${deviceId}/provisioning`;
    assert.deepEqual((await call(sim(), 'GET', path)).json.items, []);
    assert.equal((await call(sim(), 'GET', `${path}/${String(id)}`)).status, 404);
    assert.equal(sim().commands(deviceId).length, 1);
  });

  it('a draft applies to no device', async () => {
    const deviceId = device('a');
    await create({ active: undefined });
    assert.equal(sim().rules()[0]?.['status'], 'DRAFT');
    assert.equal(sim().contact(deviceId).outcome, 'idle');
  });

  it('of several rules the oldest, the newest or all apply', async () => {
    await create({ name: '1' });
    await create({ name: '2', commands: [FINISHED, KEY] });
    for (const [ruleMatch, count] of [
      ['oldest', 1],
      ['newest', 2],
      ['all', 3],
    ] as const) {
      sim().set({ ruleMatch });
      assert.equal(sim().contact(device('a')).commandIds.length, count);
    }
  });

  it('a rule created later applies to a provisioned device, or does not', async () => {
    const [first, second] = [device('a'), device('a')];
    sim().set({ ruleMatch: 'all' });
    await create();
    sim().contact(first);
    sim().contact(second);
    await create({ name: '2' });
    assert.equal(sim().contact(first).outcome, 'commands');
    sim().set({ laterRules: 'ignore' });
    assert.equal(sim().contact(second).outcome, 'idle');
  });

  it('a deleted tag takes its rules off', async () => {
    const deviceId = device('a');
    await create();
    const [tag] = sim().tags();
    await call(sim(), 'DELETE', `/provisioning/tags/${String(tag?.['id'])}`);
    assert.equal(sim().contact(deviceId).outcome, 'idle');
    assert.deepEqual(sim().rules()[0]?.['tags'], []);
  });
});
