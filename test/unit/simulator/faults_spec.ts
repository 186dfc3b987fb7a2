import assert from 'node:assert/strict';
import { request } from 'undici';

import type { FaultRule } from '../../../simulator/index';
import { call, useSimulator } from './harness';

describe('simulator: faults', () => {
  const sim = useSimulator();

  /** Claims a new device, once with the fault; answers what happened and whether the device is claimed. */
  async function claimUnder(rule: FaultRule) {
    const { claimToken, deviceUuid } = sim().mint();
    sim().faults.add({ times: 1, ...rule });
    const reply = await call(sim(), 'POST', '/claimed-devices', { body: { claimToken } }).catch(
      (error: unknown) => error,
    );
    assert.equal(sim().inFlight, 0);
    return { reply, claimed: sim().claims.get(deviceUuid) === 1 };
  }

  /** As {@link claimUnder}, for faults that answer. */
  async function answered(rule: FaultRule) {
    const { reply, claimed } = await claimUnder(rule);
    if (reply instanceof Error) throw reply;
    return { reply: reply as Awaited<ReturnType<typeof call>>, claimed };
  }

  it('answers a status and a body, before or after the work', async () => {
    const plain = await answered({ status: 503, body: { message: 'Later.' }, headers: { 'x-amzn-trace': 'abc' } });
    assert.deepEqual([plain.reply.status, plain.reply.json, plain.claimed], [503, { message: 'Later.' }, false]);
    assert.equal(plain.reply.headers.get('x-amzn-trace'), 'abc');
    assert.match(plain.reply.headers.get('x-request-id') ?? '', /^sim-\d+$/);
    const text = await answered({ status: 418, body: 'short and stout' });
    assert.deepEqual(
      [text.reply.text, text.reply.headers.get('content-type')],
      ['short and stout', 'text/plain; charset=utf-8'],
    );
    const after = await answered({ status: 500, afterWork: true });
    assert.deepEqual([after.reply.status, after.claimed], [500, true]);
    assert.equal(sim().requests.at(-1)?.status, 500);
  });

  it('answers Retry-After with 429 or another status', async () => {
    const seconds = await answered({ retryAfter: 2 });
    assert.deepEqual([seconds.reply.status, seconds.reply.headers.get('retry-after')], [429, '2']);
    const date = new Date(Date.now() + 5000).toUTCString();
    const dated = await answered({ status: 503, retryAfter: date });
    assert.deepEqual([dated.reply.status, dated.reply.headers.get('retry-after')], [503, date]);
    assert.equal(dated.claimed, false);
  });

  it('answers an empty body after the work', async () => {
    const { reply, claimed } = await answered({ emptyBody: true });
    assert.deepEqual([reply.status, reply.text, claimed], [201, '', true]);
    const other = await answered({ emptyBody: true, status: 200, afterWork: true });
    assert.deepEqual([other.reply.status, other.reply.text, other.claimed], [200, '', true]);
  });

  it('answers HTML and redirects without working', async () => {
    const page = await answered({ html: true });
    assert.deepEqual(
      [page.reply.status, page.reply.headers.get('content-type'), page.claimed],
      [502, 'text/html', false],
    );
    const moved = await answered({ redirect: 'http://127.0.0.1:9/elsewhere' });
    assert.deepEqual(
      [moved.reply.status, moved.reply.headers.get('location'), moved.claimed],
      [307, 'http://127.0.0.1:9/elsewhere', false],
    );
  });

  it('cuts the connection before or after the work', async () => {
    const before = await claimUnder({ drop: 'before' });
    assert.ok(before.reply instanceof Error);
    assert.equal(before.claimed, false);
    const after = await claimUnder({ drop: 'after' });
    assert.ok(after.reply instanceof Error);
    assert.equal(after.claimed, true);
    assert.equal(sim().requests.at(-1)?.status, undefined);
  });

  it('cuts the body, with its full length announced', async () => {
    const { claimToken } = sim().mint();
    sim().faults.add({ cutBody: true });
    const response = await request(`${sim().url}/claimed-devices`, {
      method: 'POST',
      headers: { authorization: 'Bearer sim-key', 'content-type': 'application/json' },
      body: JSON.stringify({ claimToken }),
    });
    assert.equal(response.statusCode, 201);
    const length = Number(response.headers['content-length']);
    let got = 0;
    await assert.rejects(async () => {
      for await (const chunk of response.body) got += (chunk as Buffer).length;
    });
    assert.ok(got > 0 && got < length, `${got} of ${length}`);
    assert.equal(sim().claims.size, 1);
  });

  it('JSON is cut in half and has the right length', async () => {
    const { reply, claimed } = await claimUnder({ cutJson: true });
    assert.ok(reply instanceof SyntaxError);
    assert.equal(claimed, true);
  });

  it('stalls before the header: after the work, or with the work', async () => {
    const started = performance.now();
    const after = await answered({ slow: { where: 'headers', ms: 30 } });
    assert.deepEqual([after.reply.status, after.claimed], [201, true]);
    const before = await answered({ slow: { where: 'headers', ms: 30 }, afterWork: false });
    assert.deepEqual([before.reply.status, before.claimed], [201, true]);
    assert.ok(performance.now() - started >= 58);
  });

  it('stalls for ever, with the work done or left undone', async () => {
    for (const [afterWork, claims] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const { claimToken, deviceUuid } = sim().mint();
      sim().faults.add({ slow: { where: 'headers', ms: 'forever' }, afterWork, times: 1 });
      const arrived = claims === 1 ? sim().events.waitFor('claim') : sim().events.waitFor('request');
      const controller = new AbortController();
      const sending = call(sim(), 'POST', '/claimed-devices', { body: { claimToken }, signal: controller.signal });
      await arrived;
      const gone = sim().events.waitFor('response');
      controller.abort();
      await assert.rejects(sending);
      await gone;
      assert.equal(sim().claims.get(deviceUuid) ?? 0, claims);
    }
  });

  it('stalls in the middle of the body', async () => {
    const { reply, claimed } = await answered({ slow: { where: 'body', ms: 30 } });
    assert.deepEqual([reply.json.status, claimed], ['READY', true]);
    sim().faults.add({ slow: { where: 'body', ms: 'forever' } });
    const response = await fetch(`${sim().url}/claimed-devices`, { headers: { authorization: 'Bearer sim-key' } });
    const reader = response.body!.getReader();
    assert.ok(((await reader.read()).value?.length ?? 0) > 0);
    await reader.cancel();
  });

  it('drips a body without end', async () => {
    sim().faults.add({ dripBody: { everyMs: 1 } });
    const response = await fetch(`${sim().url}/claimed-devices`);
    const reader = response.body!.getReader();
    for (let chunks = 0; chunks < 5; chunks++) assert.equal((await reader.read()).done, false);
    await reader.cancel();
  });

  it('pours a huge body', async () => {
    sim().faults.add({ hugeBody: 3_000_000 });
    const reply = await call(sim(), 'GET', '/claimed-devices');
    assert.deepEqual([reply.text.length, reply.json.message.length], [3_000_000, 3_000_000 - 14]);
  });

  it('a fault applies only to requests that match', async () => {
    const status = async (method: string, path: string) => (await call(sim(), method, path)).status;
    const [id = ''] = sim().fill(1);
    sim().faults.add({ match: { method: 'post', path: '/claimed-devices/*/block' }, status: 500 });
    sim().faults.add({ match: { path: /pageLimit=7/ }, status: 501 });
    sim().faults.add({ match: { operation: 'unblock' }, status: 502 });
    assert.equal(await status('GET', `/claimed-devices/${id}`), 200);
    assert.equal(await status('POST', `/claimed-devices/${id}/block`), 500);
    assert.equal(await status('GET', '/claimed-devices?pageLimit=7'), 501);
    assert.equal(await status('GET', '/claimed-devices?pageLimit=8'), 200);
    assert.equal(await status('POST', `/claimed-devices/${id}/unblock`), 502);
    sim().faults.clear();
    sim().faults.add({ match: { path: '/claimed-devices' }, status: 500 });
    assert.equal(await status('GET', `/claimed-devices/${id}`), 200);
    assert.equal(await status('GET', '/claimed-devices?a=b'), 500);
  });

  it('a fault applies a number of times, from the n-th on, or with a probability', async () => {
    const statuses = async (count: number) => {
      const seen: number[] = [];
      for (let sent = 0; sent < count; sent++) seen.push((await call(sim(), 'GET', '/claimed-devices')).status);
      return seen;
    };
    const twice = sim().faults.add({ status: 500, times: 2 });
    assert.deepEqual(await statuses(3), [500, 500, 200]);
    assert.deepEqual([twice.seen, twice.struck], [3, 2]);
    const third = sim().faults.add({ match: { nth: 3 }, status: 500 });
    assert.deepEqual(await statuses(4), [200, 200, 500, 200]);
    third.remove();
    const fromSecond = sim().faults.add({ match: { nth: 2 }, status: 500, times: 2 });
    assert.deepEqual(await statuses(4), [200, 500, 500, 200]);
    fromSecond.remove();
    sim().faults.add({ match: { chance: 0.5 }, status: 500 });
    const drawn = new Set(await statuses(40));
    assert.deepEqual([...drawn].sort(), [200, 500]);
  });

  it('follow each other in the order they were added', async () => {
    sim().faults.add({ status: 500, times: 1 });
    sim().faults.add({ status: 503, times: 1 });
    const statuses = [];
    for (let sent = 0; sent < 3; sent++) statuses.push((await call(sim(), 'GET', '/claimed-devices')).status);
    assert.deepEqual(statuses, [500, 503, 200]);
  });

  it('rules that could never match are refused', () => {
    const add = (rule: Record<string, unknown>) => () => sim().faults.add(rule);
    assert.throws(add({ statsu: 500 }), /no field "statsu"/);
    assert.throws(add({ match: { url: '/' }, status: 500 }), /no field "url"/);
    assert.throws(add({ status: 42 }), TypeError);
  });

  it('leaves nothing behind that keeps it from closing', async () => {
    sim().faults.add({ match: { nth: 1 }, slow: { where: 'headers', ms: 'forever' } });
    sim().faults.add({ match: { nth: 2 }, slow: { where: 'body', ms: 'forever' } });
    sim().faults.add({ match: { nth: 3 }, dripBody: true });
    const sent: Promise<unknown>[] = [];
    for (let count = 0; count < 3; count++) {
      const arrived = sim().events.waitFor('request');
      sent.push(call(sim(), 'GET', '/claimed-devices'));
      await arrived;
    }
    const ended = Promise.allSettled(sent);
    await sim().close();
    assert.ok((await ended).every((result) => result.status === 'rejected'));
  });
});
