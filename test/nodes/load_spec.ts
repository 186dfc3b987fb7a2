import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import claimNode from '../../nodes/nrfcloud-claim';
import type { Simulator } from '../../simulator';
import { startNodeRig, type NodeRig } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

/** Handles that keep a process alive, of the kinds that requests and waits leave behind. */
const resources = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((kind) => /^(Timeout|TCPSocketWrap|TLSWrap|TCPConnectWrap|GetAddrInfo)/.test(kind));

describe('many messages at once', () => {
  let simulator: Simulator;
  useSimulator((started) => (simulator = started), { latency: 20 });

  const rig = (connection: Record<string, unknown>): Promise<NodeRig> =>
    startNodeRig({ node: claimNode, type: 'nrfcloud-claim', connection: { baseUrl: simulator.url, ...connection } });

  it('are never more than concurrency in flight, and each ends once', async () => {
    const flow = await rig({ concurrency: 8 });
    const tokens = simulator.mintMany(500);
    for (const [index, { claimToken }] of tokens.entries()) flow.send({ payload: claimToken, index });
    await flow.ended(500);
    assert.equal(simulator.maxInFlight, 8);
    assert.equal(flow.caught.length, 0);
    assert.deepEqual(
      flow.completed.map((msg) => msg['index'] as number).sort((a, b) => a - b),
      tokens.map((_, index) => index),
    );
    assert.equal(flow.outputs[0]!.length, 500);
    assert.equal(simulator.claims.size, 500);
    assert.ok(flow.statuses.some(({ fill, text }) => fill === 'blue' && /^\d+ …$/.test(text ?? '')));
    await flow.until(() => flow.statuses.at(-1)!.fill === 'green');
  });

  it('are held to the rate', async () => {
    // When they leave, as the way to the simulator takes longer for some, on a computer that does other things, too.
    const starts: number[] = [];
    const leave = (): void => void starts.push(performance.now());
    subscribe('undici:request:create', leave);
    try {
      const flow = await rig({ rate: 50, concurrency: 100 });
      for (const { claimToken } of simulator.mintMany(100)) flow.send({ payload: claimToken });
      await flow.ended(100);
    } finally {
      unsubscribe('undici:request:create', leave);
    }
    assert.equal(starts.length, 100);
    for (let i = 51; i < starts.length; i++) {
      // 100 ms for what may come between the decision and this note of it.
      assert.ok(starts[i]! - starts[i - 51]! >= 900, `51 starts within ${starts[i]! - starts[i - 51]!} ms`);
    }
  });

  it('are refused with NRFCLOUD_QUEUE_FULL beyond the queue limit', async () => {
    const flow = await rig({ concurrency: 2, queueLimit: 3 });
    for (const { claimToken } of simulator.mintMany(10)) flow.send({ payload: claimToken });
    await flow.ended(10);
    assert.equal(flow.completed.length, 5);
    assert.deepEqual(new Set(flow.caught.map((msg) => msg['error'].code)), new Set(['NRFCLOUD_QUEUE_FULL']));
    assert.equal(simulator.requestCount, 5);
  });

  it('end with NRFCLOUD_CLOSED within 2 s when the flow stops, and leave nothing behind', async () => {
    simulator.set({ latency: 10_000 });
    // Some wait for an answer, some for a turn, some for their next attempt.
    simulator.faults.add({ status: 429, retryAfter: 200, times: 2 });
    const flow = await rig({ concurrency: 8 });
    const before = resources();
    const endings: (string | undefined)[] = [];
    const wired = flow.node as unknown as { _complete: (msg: unknown, error?: { code: string }) => void };
    const complete = wired._complete.bind(flow.node);
    wired._complete = (msg, error) => {
      endings.push(error?.code);
      complete(msg, error);
    };
    for (const { claimToken } of simulator.mintMany(500)) flow.send({ payload: claimToken });
    await once(simulator.events, 'request');
    const started = Date.now();
    await flow.stop();
    assert.ok(Date.now() - started < 2000, `closing took ${Date.now() - started} ms`);
    assert.equal(endings.length, 500);
    assert.deepEqual(new Set(endings), new Set(['NRFCLOUD_CLOSED']));
    await simulator.close();
    // A destroyed socket is gone a few turns of the event loop later.
    const limit = Date.now() + 2000;
    while (resources().length > before.length && Date.now() < limit) await setImmediate();
    assert.deepEqual(resources(), before);
  });
});
