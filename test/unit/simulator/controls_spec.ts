import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { call, useSimulator } from './harness';

const MAIN = join(__dirname, '../../../simulator/main.ts');

describe('simulator: controls over HTTP', () => {
  const sim = useSimulator({ bulkPendingMs: 0, bulkProgressMs: 0 });
  const control = (method: string, path: string, body?: unknown) =>
    call(sim(), method, `${sim().summaryUrl}/_simulator${path}`, { key: null, body });

  it('mints, fills, gives away, takes back and shows the state', async () => {
    const { tokens } = (await control('POST', '/tokens', { count: 3, deviceType: 4 })).json;
    assert.deepEqual([tokens.length, tokens[0].deviceType], [3, 4]);
    assert.equal((await control('POST', '/tokens')).json.tokens.length, 1);
    const { ids } = (await control('POST', '/fill', { count: 2, tags: ['a'] })).json;
    const { deviceUuid, claimToken } = tokens[0];
    await control('POST', '/claim-by-other', { deviceUuid });
    const claim = () => call(sim(), 'POST', '/claimed-devices', { body: { claimToken } });
    assert.equal((await claim()).status, 409);
    await control('POST', '/release-by-other', { deviceUuid });
    assert.equal((await claim()).status, 201);
    const state = (await control('GET', '/state')).json;
    assert.deepEqual([state.requestCount, state.claimCount, state.claimedAgain], [2, 3, []]);
    assert.deepEqual(Object.keys(state.claims), [...ids, deviceUuid]);
    assert.deepEqual([state.devices.length, state.tags.length, state.url], [3, 1, sim().url]);
    assert.ok(!('devices' in (await control('GET', '/state?brief=true')).json));
    assert.equal((await control('POST', '/claim-by-other', { deviceUuid })).status, 400);
  });

  it('adds and clears faults, and changes settings', async () => {
    const list = async (query = '') => (await call(sim(), 'GET', `/claimed-devices${query}`)).status;
    await control('POST', '/faults', [
      { match: { method: 'GET', path: '/claimed-devices' }, status: 503, times: 1 },
      { match: { pathRegExp: 'pageLimit=\\d' }, status: 500 },
    ]);
    assert.deepEqual([await list(), await list(), await list('?pageLimit=1')], [503, 200, 500]);
    assert.equal((await control('DELETE', '/faults')).status, 204);
    assert.equal(await list('?pageLimit=1'), 200);
    const settings = (await control('POST', '/set', { apiKey: 'fresh', latency: [0, 1] })).json;
    assert.deepEqual([settings.apiKey, settings.latency], ['fresh', [0, 1]]);
    assert.equal(await list(), 401);
    assert.equal((await control('POST', '/set', { nope: 1 })).status, 400);
    assert.equal((await control('POST', '/faults', { nope: 1 })).status, 400);
    assert.equal((await control('POST', '/tokens', { count: -1 })).status, 400);
  });

  it('the state counts keys that were sent to the summary host', async () => {
    const ended = sim().events.waitFor('bulk-end');
    await call(sim(), 'POST', '/claimed-devices/bulk', { body: 'x' });
    const { errorSummaryUrl = '', bulkOpsRequestId } = await ended;
    await call(sim(), 'GET', errorSummaryUrl);
    await call(sim(), 'GET', errorSummaryUrl, { key: null });
    const state = (await control('GET', '/state')).json;
    assert.deepEqual([state.summaryVisits, state.authorizationSeenAtSummaryHost], [2, 1]);
    assert.equal(state.operations[0].status, 'FAILED');
    assert.equal((await control('DELETE', `/operations/${bulkOpsRequestId}`)).status, 204);
    assert.equal((await control('DELETE', `/operations/${bulkOpsRequestId}`)).status, 404);
    assert.equal((await control('GET', '/requests')).json.requests.length, 1);
    await control('DELETE', '/requests');
    assert.equal(sim().requests.length, 0);
  });

  it('makes rules, sets behaviour, lets devices contact the service and ends commands', async () => {
    const commands = [{ request: { finished: {} } }, { request: { finished: {} } }];
    const rule = await control('POST', '/rules', { name: 'r', active: true, tags: ['a'], commands });
    assert.equal(rule.json.status, 'ACTIVE');
    assert.equal((await control('POST', '/rules', { name: 'r' })).status, 400);
    const failAt = { index: 1, cme: 1, text: 'no' };
    const change = { contactAfterMs: null, failAt };
    assert.equal((await control('POST', '/behaviour', { target: 'default', change })).status, 204);
    assert.equal((await control('POST', '/behaviour', { target: 'default', change: { nope: 1 } })).status, 400);
    const [deviceUuid = ''] = sim().fill(1, ['a']);
    const contact = (await control('POST', '/contact', { deviceUuid })).json;
    assert.equal(contact.outcome, 'commands');
    const shown = (await control('GET', `/commands/${deviceUuid}`)).json.commands;
    assert.deepEqual(
      shown.map(({ status }: { status: string }) => status),
      ['SUCCEEDED', 'FAILED'],
    );
    const end = { commandId: contact.commandIds[0], status: 'EXPIRED' };
    assert.equal((await control('POST', `/commands/${deviceUuid}/end`, end)).status, 204);
    assert.equal(sim().commands(deviceUuid)[0]?.['status'], 'EXPIRED');
    const none = { ...end, commandId: 'none' };
    assert.equal((await control('POST', `/commands/${deviceUuid}/end`, none)).status, 404);
    await control('POST', '/onboard', { deviceUuid, id: 'nrf-1', connected: true });
    const state = (await control('GET', '/state')).json;
    assert.deepEqual([state.onboardedCount, state.rules.length, state.onboarded[0].id], [1, 1, 'nrf-1']);
    assert.ok(state.onboarded[0].state.reported);
    assert.equal(state.deviceApiUrl, sim().deviceApiUrl);
  });

  it('runs as a process: starts, says where, refuses a taken port in one line, stops', async function () {
    // Two processes start and compile, perhaps on a busy computer.
    this.timeout(60_000);
    const first = spawn(process.execPath, ['--require', 'tsx/cjs', MAIN, '--port', '0', '--summary-port', '0']);
    try {
      const [said] = (await once(first.stdout, 'data')) as [Buffer];
      const url = /http:\/\/127\.0\.0\.1:(\d+)\/v1/.exec(said.toString());
      assert.match(said.toString(), /sim-key/);
      assert.match(said.toString(), /device API URL +http:/);
      const claimToken = /claim token +(\S+)/.exec(said.toString())?.[1];
      const claimed = await call(sim(), 'POST', `${String(url?.[0])}/claimed-devices`, { body: { claimToken } });
      assert.equal(claimed.status, 201);
      const second = spawn(process.execPath, ['--require', 'tsx/cjs', MAIN, '--port', url?.[1] ?? '']);
      let complaint = '';
      second.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
      const [code] = (await once(second, 'close')) as [number];
      assert.deepEqual([code, complaint.split('\n').length], [1, 2]);
      assert.match(complaint, /^Port \d+ is in use\./);
      const ended = once(first, 'close');
      first.kill('SIGTERM');
      assert.deepEqual(await ended, [0, null]);
    } finally {
      first.kill('SIGKILL');
    }
  });
});
