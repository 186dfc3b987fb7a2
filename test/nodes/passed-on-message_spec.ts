import assert from 'node:assert/strict';
import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import claimNode from '../../nodes/nrfcloud-claim';
import onboardingNode from '../../nodes/nrfcloud-onboarding';
import { startSimulator, type Simulator } from '../../simulator';
import { startNodeRig, stopNodeRig, type NodeRig } from '../support/node-rig';
import { ScriptedServer, type ScriptedResponse } from '../support/scripted-server';

const ID = '4961c873-408c-45ce-b1ba-7c0d99d88179';
const PENDING = { bulkOpsRequestId: 'B', status: 'PENDING', facts: { rows: 2 } };
/** Without a record both messages wait before the first poll; with a slow disk, one would be recorded after the last. */
const AT_ONCE = { resume: false };
const ENDED = { ...PENDING, status: 'SUCCEEDED', completedAt: '2026-11-28T12:00:00.000Z' };

describe('a message that is passed on', () => {
  let service: ScriptedServer;
  let simulator: Simulator | undefined;
  beforeEach(async () => (service = await ScriptedServer.start()));
  afterEach(async () => {
    await stopNodeRig();
    await simulator?.close();
    simulator = undefined;
    await service.stop();
  });

  const watch = (responses: ScriptedResponse[], config = {}): Promise<NodeRig> => {
    service.respondWith(...responses);
    return startNodeRig({
      node: bulkStatusNode,
      type: 'nrfcloud-bulk-status',
      config: { interval: 0.03, ...config },
      outputs: 3,
      connection: { baseUrl: service.origin },
    });
  };

  it('keeps values that JSON cannot hold while its work is pending', async () => {
    const { send, ended, outputs } = await watch([
      [200, PENDING],
      [200, ENDED],
    ]);
    const padding = 'x'.repeat(600);
    const station = {
      since: new Date(),
      image: Buffer.alloc(600, 1),
      value: NaN,
      byName: new Map([['a', 1]]),
      padding,
    };
    const rows = [{ claimToken: 'text', tags: [padding] }];
    send({ payload: 'B', station, rows });
    await ended(1);
    assert.equal(outputs[0]![0]!['station'], station);
    assert.deepEqual(outputs[0]![0]!['rows'], rows);
  });

  for (const resume of [true, false]) {
    it(`has the rows that its array had on arrival (resume: ${resume})`, async () => {
      service.respondWith([200, PENDING], [200, ENDED]);
      const { send, ended, outputs } = await startNodeRig({
        node: bulkStatusNode,
        type: 'nrfcloud-bulk-status',
        config: { interval: 0.03, resume },
        outputs: 3,
        connection: { baseUrl: service.origin },
      });
      const rows = [{ line: 1, deviceId: ID, claimToken: 'text', tags: [] }];
      send({ payload: 'B', rows });
      rows.pop();
      await ended(1);
      const [progress, end] = [outputs[2]![0]!, outputs[0]![0]!];
      assert.deepEqual(
        [end['rows'], end['claimedRows'], progress['rows']].map((list: unknown[]) => list.length),
        [1, 1, 1],
      );
      assert.notEqual(progress['rows'], end['rows']);
    });
  }

  it('has all its properties again when its node is stopped', async () => {
    const flow = await watch([
      [200, PENDING],
      [200, PENDING],
    ]);
    const message = { payload: 'B', rows: [{ claimToken: 'text', tags: ['x'.repeat(600)] }], topic: 'x'.repeat(600) };
    flow.send({ ...message });
    await flow.until(() => flow.outputs[2]!.length === 1);
    // As a deploy of modified nodes does, which leaves Catch running.
    await (flow.node as unknown as { close: (removed: boolean) => Promise<void> }).close(false);
    await flow.ended(1);
    const { error, payload, rows, topic } = flow.caught[0]!;
    assert.deepEqual([error.code, error.cause.resumes], ['NRFCLOUD_CLOSED', true]);
    assert.deepEqual({ payload, rows, topic }, message);
  });

  it('shares its payload with no other message about the same operation', async () => {
    const { send, ended, outputs } = await watch(
      [
        [200, PENDING],
        [200, ENDED],
      ],
      AT_ONCE,
    );
    send({ payload: 'B', topic: 'one' });
    send({ payload: 'B', topic: 'two' });
    await ended(2);
    for (const port of [2, 0]) {
      const [one, two] = outputs[port]!.map((msg) => msg['payload'] as typeof PENDING);
      assert.deepEqual(one, two);
      assert.notEqual(one, two);
      assert.notEqual(one!.facts, two!.facts);
    }
  });

  it('shares its payload with no other message about the same device', async () => {
    service.respondWith([404], [404], [200, { id: ID, state: { reported: {} } }]);
    const { send, ended, outputs } = await startNodeRig({
      node: onboardingNode,
      type: 'nrfcloud-onboarding',
      config: { interval: 0.05, pollRate: 100, ...AT_ONCE },
      outputs: 3,
      connection: { baseUrl: service.origin, deviceApiUrl: service.origin },
    });
    send({ payload: ID });
    send({ payload: ID });
    await ended(2);
    const [one, two] = outputs[0]!.map((msg) => msg['payload'] as { state: object });
    assert.deepEqual(one, two);
    assert.notEqual(one!.state, two!.state);
  });

  it('shares its tags with no other message about the same rows', async () => {
    simulator = await startSimulator();
    const { send, ended, outputs } = await startNodeRig({
      node: bulkClaimNode,
      type: 'nrfcloud-bulk-claim',
      config: { rowsPerUpload: 1 },
      outputs: 3,
      connection: { baseUrl: simulator.url },
    });
    send({ payload: simulator.mintMany(2).map(({ claimToken }) => claimToken), tags: ['line 1'] });
    await ended(1);
    const [one, two] = outputs[0]!.map((msg) => msg['tags'] as string[]);
    assert.deepEqual([one, two], [['line 1'], ['line 1']]);
    assert.notEqual(one, two);
  });

  it('has no list of all devices, whatever the output, if it is about one of them', async () => {
    service.respondWith([200, { items: [] }], [200, { id: ID }], [200, { id: ID }]);
    const { send, ended, outputs } = await startNodeRig({
      node: onboardingNode,
      type: 'nrfcloud-onboarding',
      config: { interval: 0.05, pollRate: 100, output: 'result' },
      outputs: 3,
      connection: { baseUrl: service.origin, deviceApiUrl: service.origin },
    });
    const rows = [{ line: 1, claimToken: 'x' }];
    send({ payload: [ID], rows, claimedRows: rows, topic: 'line 1' });
    await ended(1);
    const [onboarded] = outputs[0]!;
    assert.equal(onboarded!['topic'], 'line 1');
    for (const name of ['payload', 'rows', 'claimedRows']) assert.ok(!(name in onboarded!), name);
  });

  it('is claimed with the tags that its array had on arrival, even if it waits to start', async () => {
    simulator = await startSimulator();
    const { send, ended } = await startNodeRig({
      node: claimNode,
      type: 'nrfcloud-claim',
      connection: { baseUrl: simulator.url, concurrency: 2 },
    });
    const tags: string[] = [];
    const expected = new Map<string, string>();
    for (const [index, { claimToken }] of simulator.mintMany(60).entries()) {
      tags.splice(0, 1, `tag ${index}`);
      expected.set(claimToken, `tag ${index}`);
      send(index % 2 === 0 ? { payload: claimToken, tags } : { payload: { claimToken, tags } });
    }
    await ended(60);
    const sent = simulator.requests.map(({ body }) => JSON.parse(body) as { claimToken: string; tags: string[] });
    assert.deepEqual(new Map(sent.map(({ claimToken, tags: [tag] }) => [claimToken, tag])), expected);
  });
});
