import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorCause } from '../../nodes/api/errors';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import commandNode from '../../nodes/nrfcloud-command';
import onboardingNode from '../../nodes/nrfcloud-onboarding';
import type { Simulator } from '../../simulator';
import { liveRecords } from '../support/journal-records';
import { startNodeRig, type NodeRig } from '../support/node-rig';
import { startBulkOperation } from '../support/start-bulk-operation';
import { useSimulator } from '../support/use-simulator';

interface Ending {
  code: string;
  cause: ErrorCause;
}

/** What a node ends its messages with, also while the flow is stopped, when Catch sees nothing. */
function endingsOf(flow: NodeRig): (Ending | undefined)[] {
  const endings: (Ending | undefined)[] = [];
  const wired = flow.node as unknown as { _complete: (msg: unknown, error?: Ending) => void };
  const complete = wired._complete.bind(flow.node);
  wired._complete = (msg, error) => {
    endings.push(error);
    complete(msg, error);
  };
  return endings;
}

describe('a watch whose flow is stopped', () => {
  let simulator: Simulator;
  useSimulator((started) => (simulator = started), { bulkHold: 'PENDING' });

  // Found by npm run stress:crash: it ended in NRFCLOUD_INVALID_INPUT, as if the message had been wrong.
  for (const interval of [0.01, 1000]) {
    it(`ends in NRFCLOUD_CLOSED, ${interval === 1000 ? 'between two polls' : 'whenever that is'}`, async () => {
      const { claimToken } = simulator.mint();
      const payload = { bulkOpsRequestId: await startBulkOperation(simulator, [claimToken]) };
      const flow = await startNodeRig({
        node: bulkStatusNode,
        type: 'nrfcloud-bulk-status',
        // The next test's node would take it up.
        config: { interval, maxInterval: interval, resume: false },
        outputs: 3,
        connection: { baseUrl: simulator.url, retries: 0 },
      });
      const endings = endingsOf(flow);
      flow.send({ payload });
      await flow.until(() => flow.outputs[2]!.length > 0, 'the first poll');
      await flow.stop();
      assert.deepEqual(
        endings.map((error) => [error?.code, error?.cause]),
        [
          [
            'NRFCLOUD_CLOSED',
            { operation: 'bulk status', method: 'GET', path: '/bulk-ops-requests/{id}', attempts: 0 },
          ],
        ],
      );
    });
  }
});

describe('a message that Node-RED cannot copy', () => {
  let simulator: Simulator;
  useSimulator((started) => (simulator = started), { bulkHold: 'PENDING' });

  const rig = (config: Record<string, unknown>, settings = {}): Promise<NodeRig> =>
    startNodeRig({
      node: bulkStatusNode,
      type: 'nrfcloud-bulk-status',
      config,
      outputs: 3,
      connection: { baseUrl: simulator.url, retries: 0 },
      settings,
    });
  const unreadable = (message: Record<string, unknown>): Record<string, unknown> =>
    Object.defineProperty(message, 'broken', {
      enumerable: true,
      get: () => {
        throw new Error('it cannot be read');
      },
    });
  const start = async (): Promise<string> => startBulkOperation(simulator, [simulator.mint().claimToken]);

  it('ends when the flow is stopped, and keeps no other from ending', async () => {
    const [first, second] = [await start(), await start()];
    const flow = await rig({ interval: 1000, maxInterval: 1000, resume: false });
    const endings = endingsOf(flow);
    flow.send(unreadable({ payload: first }));
    flow.send({ payload: second });
    await flow.until(() => flow.outputs[2]!.length > 1, 'the first polls');
    await flow.stop();
    assert.deepEqual(
      endings.map((error) => error?.code),
      ['NRFCLOUD_CLOSED', 'NRFCLOUD_CLOSED'],
    );
  });

  it('does not leave its record behind when it ends, so that its result comes once', async () => {
    const userDir = mkdtempSync(join(tmpdir(), 'nrfcloud-uncopied-'));
    try {
      simulator.set({ bulkHold: 'none' });
      const flow = await rig({ interval: 0.05, maxInterval: 0.05 }, { userDir });
      flow.send(unreadable({ payload: await start() }));
      await flow.until(() => flow.outputs[0]!.length > 0, 'the result');
      await flow.stop();
      assert.deepEqual(liveRecords(userDir), []);
    } finally {
      rmSync(userDir, { recursive: true, force: true });
    }
  });
});

describe('a command whose flow is stopped', () => {
  let simulator: Simulator;
  let device: string;
  let other: string;
  useSimulator((started) => {
    simulator = started;
    simulator.setDeviceBehaviour('default', { contactAfterMs: null });
    [device, other] = simulator.fill(2) as [string, string];
  });

  const rig = (connection = {}, settings = {}): Promise<NodeRig> =>
    startNodeRig({
      node: commandNode,
      type: 'nrfcloud-command',
      config: { interval: 0.05, maxInterval: 0.05 },
      outputs: 3,
      connection: { baseUrl: simulator.url, retries: 0, ...connection },
      settings,
    });
  const closedCause = {
    operation: 'create command',
    method: 'POST',
    path: '/claimed-devices/{id}/provisioning',
    resumes: true,
  };

  it('ends in NRFCLOUD_CLOSED with all facts while it waits for the device', async () => {
    const flow = await rig();
    const endings = endingsOf(flow);
    flow.send({ payload: device });
    await flow.until(() => flow.outputs[2]!.length > 0, 'the first poll');
    await flow.stop();
    assert.deepEqual(
      endings.map((error) => [error?.code, error?.cause]),
      [['NRFCLOUD_CLOSED', { ...closedCause, attempts: 0 }]],
    );
  });

  it('ends in NRFCLOUD_CLOSED with mayHaveSucceeded while its creation is in flight', async () => {
    simulator.set({ latency: 60_000 });
    const flow = await rig();
    const endings = endingsOf(flow);
    const arrived = simulator.events.waitFor('request', ({ operation }) => operation === 'createCommand');
    flow.send({ payload: device });
    await arrived;
    await flow.stop();
    assert.deepEqual(
      endings.map((error) => [error?.code, error?.cause]),
      [['NRFCLOUD_CLOSED', { ...closedCause, attempts: 1, mayHaveSucceeded: true }]],
    );
  });

  it('ends in NRFCLOUD_CLOSED with mayHaveSucceeded also if its creation waited for another one', async () => {
    simulator.set({ latency: 100 });
    const flow = await rig();
    const endings = endingsOf(flow);
    const first = simulator.events.waitFor('request', ({ operation }) => operation === 'createCommand');
    for (let count = 0; count < 2; count++) flow.send({ payload: device });
    await first;
    const second = simulator.events.waitFor('request', ({ operation }) => operation === 'createCommand');
    simulator.set({ latency: 60_000 });
    await second;
    await flow.stop();
    assert.deepEqual(
      endings.map((error) => [error?.cause.attempts, error?.cause.mayHaveSucceeded]),
      [
        [1, true],
        [0, undefined],
      ],
    );
  });

  for (const [what, deviceOf] of [
    ['the connection', () => other],
    ['another command of its device', () => device],
  ] as [string, () => string][]) {
    it(`does not continue after the restart if its creation waited for ${what}`, async () => {
      const userDir = mkdtempSync(join(tmpdir(), 'nrfcloud-unsent-'));
      try {
        simulator.set({ latency: 60_000 });
        const flow = await rig({ concurrency: 1 }, { userDir });
        const endings = endingsOf(flow);
        const arrived = simulator.events.waitFor('request', ({ operation }) => operation === 'createCommand');
        flow.send({ payload: device });
        await arrived;
        flow.send({ payload: deviceOf() });
        await flow.until(() => liveRecords(userDir).length === 2, 'the record of the second command');
        await flow.stop();
        const { operation, method, path } = closedCause;
        const causes = endings.map((error) => error?.cause);
        assert.deepEqual(
          causes.sort((one, another) => one!.attempts - another!.attempts),
          [
            { operation, method, path, attempts: 0 },
            { ...closedCause, attempts: 1, mayHaveSucceeded: true },
          ],
        );
        assert.equal(liveRecords(userDir).length, 1);
      } finally {
        rmSync(userDir, { recursive: true, force: true });
      }
    });
  }
});

describe('devices whose flow is stopped', () => {
  let simulator: Simulator;
  useSimulator((started) => {
    simulator = started;
    simulator.setDeviceBehaviour('default', { contactAfterMs: null });
  });

  const operation = { bulkOpsRequestId: 'x' };
  for (const [what, message] of [
    ['an array of ids', (ids) => ({ payload: ids })],
    ['the rows of a bulk operation', (ids) => ({ payload: operation, rows: ids.map((deviceId) => ({ deviceId })) })],
  ] as [string, (ids: string[]) => Record<string, unknown>][]) {
    it(`leave the message as it was: ${what}`, async () => {
      const flow = await startNodeRig({
        node: onboardingNode,
        type: 'nrfcloud-onboarding',
        config: { interval: 0.05, maxInterval: 0.05 },
        outputs: 3,
        connection: { baseUrl: simulator.url, deviceApiUrl: simulator.deviceApiUrl, retries: 0 },
      });
      const ended: unknown[] = [];
      (flow.node as unknown as { _complete: (msg: unknown) => void })._complete = (msg) => ended.push(msg);
      const ids = simulator.fill(3);
      const polled = simulator.events.waitFor('response', ({ host }) => host === 'deviceApi');
      flow.send({ _msgid: 'm', topic: 'kept', ...message(ids) });
      await polled;
      await flow.stop();
      assert.deepEqual(ended, [{ _msgid: 'm', topic: 'kept', ...message(ids) }]);
    });
  }
});
