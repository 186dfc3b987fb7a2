import assert from 'node:assert/strict';

import { GUIDE_CSV_MISPRINT } from '../../../simulator/identity/printed-tokens';
import type { MintedToken } from '../../../simulator/index';
import { call, useSimulator } from './harness';

describe('simulator: bulk claim', () => {
  const sim = useSimulator({ bulkPendingMs: 0, bulkProgressMs: 0 });

  /** Uploads, and waits for the end. */
  async function upload(rows: readonly string[]) {
    const ended = sim().events.waitFor('bulk-end');
    const reply = await call(sim(), 'POST', '/claimed-devices/bulk', { body: rows.map((row) => `${row}\n`).join('') });
    assert.equal(reply.status, 202);
    const view = await ended;
    assert.deepEqual(reply.json, { bulkOpsRequestId: view.bulkOpsRequestId });
    return view;
  }

  it('goes from PENDING to IN_PROGRESS to SUCCEEDED, with the fields of the guide', async () => {
    sim().set({ bulkHold: 'PENDING' });
    const tokens = sim().mintMany(3);
    const csv = rows(tokens).join('\n');
    const { json } = await call(sim(), 'POST', '/claimed-devices/bulk', { body: csv });
    const id: string = json.bulkOpsRequestId;
    const status = async () => (await call(sim(), 'GET', `/bulk-ops-requests/${id}`)).json;
    assert.match(id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
    const pending = await status();
    assert.deepEqual([pending.status, 'completedAt' in pending], ['PENDING', false]);
    const working = sim().events.waitFor('bulk-status', (view) => view.status === 'IN_PROGRESS');
    sim().set({ bulkHold: 'IN_PROGRESS' });
    await working;
    assert.equal((await status()).status, 'IN_PROGRESS');
    const ended = sim().events.waitFor('bulk-end');
    sim().set({ bulkHold: 'none' });
    await ended;
    const { requestedAt, completedAt, uploadedDataUrl, ...rest } = await status();
    assert.deepEqual(rest, { bulkOpsRequestId: id, status: 'SUCCEEDED', endpoint: 'CLAIM_DEVICE_OWNERSHIP' });
    assert.ok(requestedAt <= completedAt);
    assert.equal(new URL(uploadedDataUrl).origin, sim().summaryUrl);
    assert.equal((await call(sim(), 'GET', uploadedDataUrl, { key: null })).text, csv);
    assert.equal(sim().claims.size, 3);
    assert.equal(decodeTime(id), Date.parse(requestedAt));
  });

  it('is FAILED if one row failed, and claims the others', async () => {
    const [first, second, third] = sim().mintMany(3);
    const twin = sim().mint({ deviceUuid: first!.deviceUuid });
    const foreign = sim().mint();
    sim().claimByOther(foreign.deviceUuid);
    const sent = [
      `${first!.claimToken},"location=Oslo,color=white"`,
      'imei,uuid,token,time',
      twin.claimToken,
      '',
      GUIDE_CSV_MISPRINT,
      `"${second!.claimToken}","color=white"`,
      foreign.claimToken,
      `${third!.claimToken}\r`,
      `${third!.claimToken},${'x'.repeat(101)}`,
      `${third!.claimToken}"`,
      `\ufeff${third!.claimToken}`,
      third!.claimToken,
    ];
    const view = await upload(sent);
    assert.equal(view.status, 'FAILED');
    assert.deepEqual(sim().device(first!.deviceUuid)?.['tags'], ['location=Oslo', 'color=white']);
    assert.deepEqual(
      [...sim().claims.keys()],
      [first, second, third].map((token) => token!.deviceUuid),
    );
    const summary = await call(sim(), 'GET', view.errorSummaryUrl ?? '', { key: null });
    const errors: string[] = summary.json.errors;
    assert.deepEqual(
      errors.map((text) => Number(/^\[(\d+)\]: /.exec(text)?.[1])),
      [1, 2, 3, 4, 6, 7, 8, 9, 10],
    );
    assert.match(errors[1] ?? '', /twice in this upload/);
    assert.match(errors[4] ?? '', /already claimed/);
  });

  it('refuses uploads that are empty, too long, too large or not CSV', async () => {
    const send = (body: string, type?: string | null) =>
      call(sim(), 'POST', '/claimed-devices/bulk', { body, ...(type !== undefined && { type }) });
    assert.equal((await send('\n')).status, 400);
    assert.match((await send('x\n'.repeat(1001))).json.message, /1001 rows, at most 1000/);
    assert.equal((await send('x\n'.repeat(1000))).status, 202);
    assert.equal((await send('x', 'application/json')).status, 415);
    assert.equal((await send('x', null)).status, 415);
    assert.equal((await call(sim(), 'GET', '/bulk-ops-requests/01G4ACS60SAEK1YNGSSJHBEET0')).status, 404);
  });

  it('an operation can have an unknown status, and be forgotten', async () => {
    const view = await upload(rows(sim().mintMany(1)));
    sim().set({ extras: { operation: { status: 'PAUSED' } } });
    const path = `/bulk-ops-requests/${view.bulkOpsRequestId}`;
    assert.equal((await call(sim(), 'GET', path)).json.status, 'PAUSED');
    assert.equal(sim().forgetOperation(view.bulkOpsRequestId), true);
    assert.equal((await call(sim(), 'GET', path)).status, 404);
  });

  it('ends held operations when it is closed', async () => {
    sim().set({ bulkHold: 'PENDING' });
    await call(sim(), 'POST', '/claimed-devices/bulk', { body: 'x' });
    await sim().close();
    assert.equal(sim().operations()[0]?.status, 'PENDING');
  });

  describe('at once, in current', () => {
    const send = (body: string, type?: null) =>
      call(sim(), 'POST', '/claimed-devices', { body, ...(type === null && { type }) });

    it('answers 201 and the ids, with or without a content type', async () => {
      for (const type of [undefined, null] as const) {
        const tokens = sim().mintMany(3);
        const reply = await send(rows(tokens).join('\n'), type);
        assert.equal(reply.status, 201);
        assert.deepEqual(reply.json, { claimedIds: tokens.map((token) => token.deviceUuid), failed: [] });
      }
    });

    it('answers both lists when rows failed, in the shape and with the status one asks for', async () => {
      const { claimToken, deviceUuid } = sim().mint();
      await send(claimToken);
      const again = () => send([sim().mint().claimToken, claimToken].join('\n'));
      const reply = await again();
      const message = 'The device is already claimed.';
      assert.deepEqual([reply.status, reply.json.claimedIds.length], [201, 1]);
      assert.deepEqual(reply.json.failed, [{ row: 1, claimToken, id: deviceUuid, message }]);
      for (const [failedShape, item] of [
        ['text', `[1]: ${message}`],
        ['id', deviceUuid],
        ['index', 1],
      ] as const) {
        sim().set({ failedShape, partialStatus: 207 });
        const shaped = await again();
        assert.deepEqual([shaped.status, shaped.json.failed], [207, [item]]);
      }
    });

    it('is a 4xx with both lists when every row failed', async () => {
      const reply = await send('nonsense\nmore,a,b');
      assert.equal(reply.status, 400);
      assert.deepEqual([reply.json.claimedIds, reply.json.failed.length], [[], 2]);
    });
  });

  describe('error summary', () => {
    const failed = async () => (await upload(['a', rows(sim().mintMany(1))[0]!, 'b'])).errorSummaryUrl ?? '';
    const fetchSummary = (url: string) => call(sim(), 'GET', url, { key: null });

    it('is on another host, which refuses and records a key', async () => {
      const url = await failed();
      assert.notEqual(new URL(url).origin, new URL(sim().url).origin);
      assert.equal((await call(sim(), 'GET', url)).status, 403);
      assert.equal((await fetchSummary(url)).status, 200);
      assert.deepEqual(
        sim().summaryVisits.map((visit) => visit.authorization),
        [true, false],
      );
    });

    it('has the older format, whose delimiters Nordic fixed', async () => {
      sim().set({ errorSummary: 'older' });
      const { text } = await fetchSummary(await failed());
      const start = text.indexOf('(1-based)]: ');
      const inner = text.slice(start + '(1-based)]: '.length, text.lastIndexOf('."}'));
      const byMessage = JSON.parse(JSON.parse(`"${inner}"`)) as Record<string, number[]>;
      assert.deepEqual(Object.values(byMessage), [[1, 3]]);
      assert.equal(/\b(\d+)\b/.exec(text.slice(0, start))?.[1], '2');
      assert.doesNotThrow(() => JSON.parse(text));
    });

    it('is text, expired, not there, redirected or missing', async () => {
      const url = await failed();
      sim().set({ errorSummary: 'text' });
      assert.match((await fetchSummary(url)).text, /^Row 1: .*\nRow 3: .*\n$/);
      sim().set({ errorSummary: 'expired' });
      const expired = await fetchSummary(url);
      assert.equal(expired.status, 403);
      assert.match(expired.text, /<Code>AccessDenied<\/Code>/);
      sim().set({ errorSummary: 'notfound' });
      assert.equal((await fetchSummary(url)).status, 404);
      sim().set({ errorSummary: 'redirect', summaryRedirect: `${sim().url}/claimed-devices` });
      const redirected = await fetchSummary(url);
      assert.deepEqual([redirected.status, redirected.headers.get('location')], [302, `${sim().url}/claimed-devices`]);
      sim().set({ errorSummary: 'missing' });
      assert.equal(await failed(), '');
    });

    it('never ends, or never begins', async () => {
      const url = await failed();
      sim().set({ errorSummary: 'huge' });
      const response = await fetch(url);
      let bytes = 0;
      for await (const chunk of response.body!) {
        bytes += (chunk as Uint8Array).length;
        if (bytes > 5_000_000) break;
      }
      sim().set({ errorSummary: 'hang' });
      const visited = sim().events.waitFor('summary');
      const controller = new AbortController();
      const hanging = fetch(url, { signal: controller.signal });
      await visited;
      controller.abort();
      await assert.rejects(hanging, { name: 'AbortError' });
    });

    it('can be struck by a fault', async () => {
      const url = await failed();
      sim().faults.add({ match: { host: 'summary' }, status: 500, times: 1 });
      assert.equal((await fetchSummary(url)).status, 500);
      assert.equal((await fetchSummary(url)).status, 200);
    });
  });
});

function rows(tokens: readonly MintedToken[]): string[] {
  return tokens.map((token) => token.claimToken);
}

function decodeTime(ulid: string): number {
  return Array.from(ulid.slice(0, 10)).reduce(
    (time, letter) => time * 32 + '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(letter),
    0,
  );
}
