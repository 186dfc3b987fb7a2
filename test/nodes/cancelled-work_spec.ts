import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import commandNode from '../../nodes/nrfcloud-command';
import onboardingNode from '../../nodes/nrfcloud-onboarding';
import type { Simulator } from '../../simulator';
import { liveRecords, recordedDevices } from '../support/journal-records';
import { startNodeRig, type Message, type NodeRig } from '../support/node-rig';
import { ScriptedServer } from '../support/scripted-server';
import { useSimulator } from '../support/use-simulator';

/** The nodes whose work can be cancelled. */
const NODES = [
  ['nrfcloud-bulk-claim', bulkClaimNode],
  ['nrfcloud-bulk-status', bulkStatusNode],
  ['nrfcloud-command', commandNode],
  ['nrfcloud-onboarding', onboardingNode],
] as const;

describe('cancelled work', () => {
  let simulator: Simulator;
  let device: string;
  useSimulator((started) => {
    simulator = started;
    simulator.setDeviceBehaviour('default', { contactAfterMs: null });
    [device] = simulator.fill(1) as [string];
  });

  for (const [type, node] of [
    ['nrfcloud-command', commandNode],
    ['nrfcloud-onboarding', onboardingNode],
  ] as const) {
    it(`${type}: its status does not say that it succeeded`, async () => {
      const flow = await startNodeRig({
        node,
        type,
        config: { interval: 0.05, maxInterval: 0.05 },
        outputs: 3,
        connection: { baseUrl: simulator.url, deviceApiUrl: simulator.deviceApiUrl, retries: 0 },
      });
      const operation = type === 'nrfcloud-command' ? 'getCommand' : 'getOnboarded';
      const polled = simulator.events.waitFor('response', (request) => request.operation === operation);
      flow.send({ payload: device });
      await polled;
      const id = type === 'nrfcloud-command' ? simulator.commands(device)[0]!['id'] : device;
      flow.send({ payload: id, cancel: true });
      await flow.ended(2);
      await flow.until(() => flow.statuses.at(-1)!.fill === 'green');
      assertOnlyCancelled(flow);
    });
  }

  for (const [type, node] of NODES) {
    it(`${type}: a message whose cancel cannot be read ends in an error`, async () => {
      const flow = await startNodeRig({ node, type, outputs: 3, connection: { baseUrl: simulator.url } });
      const get = (): never => {
        throw new Error('it cannot be read');
      };
      flow.send(Object.defineProperty({ payload: device }, 'cancel', { enumerable: true, get }));
      await flow.ended(1);
      assert.deepEqual([flow.completed.length, flow.caught.length, flow.outputs.flat().length], [0, 1, 0]);
      assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
      assert.equal(simulator.requestCount, 0);
    });
  }

  describe('with a connection that cannot be used', () => {
    let userDir: string;
    let service: ScriptedServer;
    beforeEach(async () => {
      userDir = mkdtempSync(join(tmpdir(), 'nrfcloud-cancel-'));
      service = await ScriptedServer.start();
    });
    afterEach(async () => {
      await service.stop();
      rmSync(userDir, { recursive: true, force: true });
    });

    /** Begins two pieces of work, each after the last one is recorded. @returns what cancels each */
    const begin: Record<string, (flow: NodeRig) => Promise<Message[]>> = {
      'nrfcloud-bulk-claim': async (flow) => {
        const parts: unknown[] = [];
        for (const id of ['A', 'B']) {
          // The third upload gets no response.
          const uploads = [1, 2].map((upload) => [202, { bulkOpsRequestId: `${id}${upload}` }] as const);
          service.respondWith(...uploads, () => undefined);
          flow.send({ payload: simulator.mintMany(3).map(({ claimToken }) => claimToken) });
          await flow.until(() => flow.outputs[0]!.length > parts.length);
          parts.push(flow.outputs[0]!.at(-1)!['parts']);
        }
        return parts.map((part) => ({ parts: part }));
      },
      'nrfcloud-bulk-status': async (flow) => {
        for (const id of ['A', 'B']) {
          service.respondWith([200, { bulkOpsRequestId: id, status: 'PENDING' }]);
          flow.send({ payload: id });
          await flow.until(() => flow.outputs[2]!.at(-1)?.['payload'].bulkOpsRequestId === id);
        }
        return ['A', 'B'].map((payload) => ({ payload }));
      },
      'nrfcloud-command': async (flow) => {
        for (const id of ['A', 'B']) {
          service.respondWith([201, { id, status: 'PENDING' }], [200, { id, status: 'PENDING' }]);
          flow.send({ payload: device });
          await flow.until(() => flow.outputs[2]!.at(-1)?.['payload'].id === id);
        }
        return ['A', 'B'].map((payload) => ({ payload }));
      },
      'nrfcloud-onboarding': async (flow) => {
        const devices = [device, device.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))];
        const polled = new Promise<void>((resolve) => service.respondWith(() => resolve()));
        flow.send({ payload: devices });
        await polled;
        return devices.map((payload) => ({ payload }));
      },
    };

    for (const [type, node] of NODES) {
      it(`${type}: a cancel gives up the work that waits for it, and no other`, async () => {
        const start = (apiKey: string | undefined): Promise<NodeRig> => {
          const config = type === 'nrfcloud-bulk-claim' ? { rowsPerUpload: 1, uploadsAtOnce: 1 } : { interval: 1000 };
          const connection = { baseUrl: service.origin, deviceApiUrl: service.origin };
          return startNodeRig({ node, type, config, outputs: 3, connection, apiKey, settings: { userDir } });
        };
        const flow = await start('key');
        const cancels = await begin[type]!(flow);
        await flow.stop();
        const requestCount = service.requests.length;
        const records = liveRecords(userDir);
        assert.equal(records.length, type === 'nrfcloud-onboarding' ? 1 : 2);
        const { send, ended, completed, caught, outputs } = await start(undefined);
        send({ ...cancels[0], cancel: true });
        await ended(1);
        assert.deepEqual(caught, []);
        assert.equal(liveRecords(userDir).length, 1);
        assert.equal(recordedDevices(userDir).ended, type === 'nrfcloud-onboarding' ? 1 : 0);
        send({ ...cancels[1], cancel: true });
        await ended(2);
        assert.deepEqual([completed.length, caught.length, liveRecords(userDir).length], [2, 0, 0]);
        assert.deepEqual([outputs.flat().length, service.requests.length], [0, requestCount]);
      });
    }
  });

  it('nrfcloud-onboarding: a device that was cancelled without a connection is not in the progress after a restart', async () => {
    const userDir = mkdtempSync(join(tmpdir(), 'nrfcloud-cancel-'));
    try {
      const devices = simulator.fill(2) as [string, string];
      const start = (apiKey: string | undefined): Promise<NodeRig> => {
        const config = { interval: 0.05, maxInterval: 0.05 };
        const connection = { baseUrl: simulator.url, deviceApiUrl: simulator.deviceApiUrl };
        const [type, node] = ['nrfcloud-onboarding', onboardingNode];
        return startNodeRig({ node, type, config, outputs: 3, connection, apiKey, settings: { userDir } });
      };
      const first = await start('sim-key');
      const polled = simulator.events.waitFor('response', ({ host }) => host === 'deviceApi');
      first.send({ payload: devices });
      await polled;
      await first.stop();
      const second = await start(undefined);
      second.send({ payload: devices[0], cancel: true });
      await second.ended(1);
      await second.stop();
      simulator.onboard(devices[1]);
      const third = await start('sim-key');
      await third.until(() => third.outputs[2]!.at(-1)?.['payload'].onboarded === 1);
      const { total, waiting, complete } = third.outputs[2]!.at(-1)!['payload'];
      assert.deepEqual([total, waiting, complete], [1, 0, true]);
    } finally {
      rmSync(userDir, { recursive: true, force: true });
    }
  });

  it('nrfcloud-bulk-claim: its status does not say that it succeeded', async () => {
    simulator.set({ latency: 20 });
    const flow = await startNodeRig({
      node: bulkClaimNode,
      type: 'nrfcloud-bulk-claim',
      config: { rowsPerUpload: 1, uploadsAtOnce: 1 },
      outputs: 3,
      connection: { baseUrl: simulator.url },
    });
    flow.send({ payload: simulator.mintMany(20).map(({ claimToken }) => claimToken) });
    await flow.until(() => flow.outputs[0]!.length === 1);
    flow.send({ cancel: true, parts: flow.outputs[0]![0]!['parts'] });
    await flow.ended(2);
    await flow.until(() => flow.statuses.at(-1)!.fill === 'green');
    assertOnlyCancelled(flow);
  });

  it('nrfcloud-bulk-claim: an upload that waits for a retry is not sent again after a cancel', async () => {
    const service = await ScriptedServer.start();
    try {
      service.respondWith([202, { bulkOpsRequestId: 'B' }], [202, { bulkOpsRequestId: 'C' }]);
      service.respondWith([503, {}, { 'retry-after': '60' }]);
      const flow = await startNodeRig({
        node: bulkClaimNode,
        type: 'nrfcloud-bulk-claim',
        config: { rowsPerUpload: 1, uploadsAtOnce: 1 },
        outputs: 3,
        connection: { baseUrl: service.origin },
      });
      flow.send({ payload: simulator.mintMany(3).map(({ claimToken }) => claimToken) });
      await flow.until(() => flow.outputs[0]!.length === 1 && service.requests.length === 3);
      flow.send({ cancel: true, parts: flow.outputs[0]![0]!['parts'] });
      await flow.ended(2);
      assert.deepEqual([flow.caught, flow.outputs.map(({ length }) => length)], [[], [1, 0, 0]]);
      assert.equal(service.requests.length, 3);
    } finally {
      await service.stop();
    }
  });

  it('nrfcloud-bulk-status: its status does not say that it succeeded', async () => {
    const service = await ScriptedServer.start();
    try {
      service.respondWith([200, { bulkOpsRequestId: 'B', status: 'PENDING' }]);
      const flow = await startNodeRig({
        node: bulkStatusNode,
        type: 'nrfcloud-bulk-status',
        outputs: 3,
        connection: { baseUrl: service.origin },
      });
      flow.send({ payload: 'B' });
      await flow.until(() => flow.outputs[2]!.length === 1);
      flow.send({ payload: 'B', cancel: true });
      await flow.ended(2);
      await flow.until(() => flow.statuses.at(-1)!.fill === 'green');
      assertOnlyCancelled(flow);
    } finally {
      await service.stop();
    }
  });
});

function assertOnlyCancelled({ statuses }: NodeRig): void {
  const texts = statuses.filter(({ fill }) => fill === 'green').map(({ text }) => text);
  assert.deepEqual(
    texts.filter((text) => text?.endsWith('.status.cancelled') !== true),
    [],
  );
}
