import assert from 'node:assert/strict';
import claimNode from '../../nodes/nrfcloud-claim';
import type { FaultRule, Simulator } from '../../simulator';
import { expectError, stopNodeRig, type Message, type NodeRig } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

describe('failures of a request', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started));
  const claimRig = defineRig({ node: claimNode, type: 'nrfcloud-claim', connection: { retries: 0 } });
  const rig = (connection: Record<string, unknown> = {}): Promise<NodeRig> => claimRig({}, connection);

  /** Sends one good token and gives what Catch saw, after making sure that this was the message's only ending. */
  const failing = async (flow: NodeRig): Promise<Message> => {
    const caught = await expectError(flow, { payload: simulator.mint().claimToken });
    assert.equal(flow.statuses.at(-1)!.fill, 'red');
    assert.equal(flow.statuses.at(-1)!.shape, 'ring');
    return caught;
  };
  const claims = (): number => simulator.requests.filter(({ method }) => method === 'POST').length;

  describe('retries', () => {
    for (const rule of [{ status: 429 }, { status: 500 }, { status: 503 }, { drop: 'before' }] as FaultRule[]) {
      it(`repeat after ${JSON.stringify(rule)} until it works`, async () => {
        simulator.faults.add({ match: { method: 'POST' }, times: 2, ...rule });
        const { send, ended, completed, statuses } = await rig({ retries: 3 });
        send({ payload: simulator.mint().claimToken });
        await ended(1);
        assert.equal(completed.length, 1);
        assert.equal(claims(), 3);
        assert.ok(statuses.some(({ fill, shape }) => fill === 'yellow' && shape === 'ring'));
        assert.equal(statuses.at(-1)!.fill, 'green');
      });
    }

    for (const retryAfter of ['1', 'date']) {
      it(`wait as long as Retry-After says (${retryAfter}), and hold back the connection's other requests`, async () => {
        const value = retryAfter === 'date' ? new Date(Date.now() + 2000).toUTCString() : retryAfter;
        simulator.faults.add({ status: 429, retryAfter: value, times: 1 });
        const { send, until, ended, statuses } = await rig({ retries: 1 });
        send({ payload: simulator.mint().claimToken });
        // The hold is on once the status says that the refused request waits.
        await until(() => statuses.at(-1)?.fill === 'yellow');
        const refused = simulator.requests[0]!.at;
        send({ payload: simulator.mint().claimToken });
        await ended(2);
        assert.equal(simulator.requests.length, 3);
        const due = retryAfter === 'date' ? Date.parse(value) : refused + 1000;
        for (const { at } of simulator.requests.slice(1)) assert.ok(at >= due - 20, `${at} is ${due - at} ms early`);
      });
    }

    it('report a Retry-After of more than five minutes instead of waiting', async () => {
      for (const [status, code] of [
        [429, 'NRFCLOUD_RATE_LIMITED'],
        [503, 'NRFCLOUD_UNAVAILABLE'],
      ] as const) {
        simulator.faults.clear();
        simulator.faults.add({ status, retryAfter: 301 });
        const { error } = await failing(await rig({ retries: 5 }));
        assert.equal(error.code, code);
        assert.equal(error.cause.retryAfter, 301);
        assert.equal(error.cause.attempts, 1);
        await stopNodeRig();
      }
    });

    for (const retryAfter of ['soon', '-5', 'Mon, 01 Jan 2001 00:00:00 GMT', '']) {
      it(`are not misled by "Retry-After: ${retryAfter}"`, async () => {
        simulator.faults.add({ status: 503, retryAfter, times: 1 });
        const { send, ended, completed } = await rig({ retries: 1 });
        send({ payload: simulator.mint().claimToken });
        await ended(1);
        assert.equal(completed.length, 1);
      });
    }

    it('are not made after a refusal', async () => {
      simulator.faults.add({ status: 422 });
      const { error } = await failing(await rig({ retries: 5 }));
      assert.equal(error.cause.attempts, 1);
      // The second one looks whether the device is this team's already.
      assert.equal(simulator.requestCount, 2);
    });
  });

  for (const rule of [{ emptyBody: true }, { cutJson: true }] as FaultRule[]) {
    it(`is none if a look-up shows the device after an unusable success: ${JSON.stringify(rule)}`, async () => {
      simulator.faults.add({ match: { method: 'POST' }, ...rule });
      const flow = await rig();
      const { claimToken, deviceUuid } = simulator.mint();
      flow.send({ payload: claimToken });
      await flow.ended(1);
      assert.equal(flow.completed.length, 1);
      assert.equal(flow.outputs[0]![0]!['payload'].id, deviceUuid);
    });
  }

  describe('a claim whose response was lost', () => {
    const lost: [string, FaultRule][] = [
      ['the connection broke after the work', { drop: 'after' }],
      ['the body was cut', { cutBody: true }],
      ['the answer did not come in time', { slow: { where: 'headers', ms: 'forever' } }],
      ['a gateway answered 502 after the work', { status: 502, html: true, afterWork: true }],
      ['the service answered 500 after the work', { status: 500, afterWork: true }],
    ];
    for (const [name, rule] of lost) {
      for (const retries of [0, 2]) {
        it(`is the success it was: ${name} (${retries} retries)`, async () => {
          simulator.faults.add({ match: { method: 'POST' }, times: 1, ...rule });
          const { send, ended, outputs, caught } = await rig({ retries, timeout: 0.5 });
          const { claimToken, deviceUuid } = simulator.mint();
          send({ payload: claimToken });
          await ended(1);
          assert.deepEqual(caught, []);
          assert.equal(outputs[0]![0]!['payload'].id, deviceUuid);
          assert.equal('alreadyClaimed' in outputs[0]![0]!, false);
          assert.equal(simulator.claims.get(deviceUuid), 1);
        });
      }
    }

    it('is the success it was when the lookup fails and the repeated claim is a conflict', async () => {
      simulator.faults.add({ match: { method: 'POST' }, times: 1, drop: 'after' });
      simulator.faults.add({ match: { method: 'GET' }, times: 1, status: 500 });
      const { send, ended, outputs, caught } = await rig({ retries: 2, timeout: 0.5 });
      const { claimToken, deviceUuid } = simulator.mint();
      send({ payload: claimToken });
      await ended(1);
      assert.deepEqual(caught, []);
      assert.equal(outputs[0]![0]!['payload'].id, deviceUuid);
      assert.equal(claims(), 2);
      assert.equal(simulator.claims.get(deviceUuid), 1);
    });

    it('is repeated when the lookup finds nothing', async () => {
      simulator.faults.add({ match: { method: 'POST' }, times: 1, drop: 'before' });
      const { send, ended, completed } = await rig({ retries: 1 });
      const { claimToken, deviceUuid } = simulator.mint();
      send({ payload: claimToken });
      await ended(1);
      assert.equal(completed.length, 1);
      assert.equal(claims(), 2);
      assert.equal(simulator.claims.get(deviceUuid), 1);
    });
  });
});
