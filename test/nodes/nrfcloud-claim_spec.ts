import assert from 'node:assert/strict';
import claimNode from '../../nodes/nrfcloud-claim';
import type { Simulator } from '../../simulator';
import { expectError, stopNodeRig } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

const GUIDE_TOKEN =
  '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWTE';
const GUIDE_DEVICE = '4961c873-408c-45ce-b1ba-7c0d99d88179';

describe('nrfcloud-claim', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started));
  const rig = defineRig({ node: claimNode, type: 'nrfcloud-claim' });

  describe('a claim', () => {
    it('sends the message on, changed in place', async () => {
      const { send, outputs, ended, completed, caught } = await rig({ tags: 'a, b,,a' });
      const { claimToken, deviceUuid } = simulator.mint();
      send({ payload: claimToken, topic: 'kept', req: { id: 1 }, parts: { id: 'x', index: 3 } });
      await ended(1);
      assert.deepEqual(caught, []);
      const msg = outputs[0]![0]!;
      assert.equal(msg['payload'].id, deviceUuid);
      assert.deepEqual(msg['payload'].tags, ['a', 'b']);
      assert.equal(msg['deviceId'], deviceUuid);
      assert.equal(msg['statusCode'], 201);
      assert.equal(msg['topic'], 'kept');
      assert.deepEqual(msg['req'], { id: 1 });
      assert.deepEqual(msg['parts'], { id: 'x', index: 3 });
      assert.equal('alreadyClaimed' in msg, false);
      assert.equal(completed.length, 1);
    });

    for (const [api, path] of [
      ['guide', '/v1/identities/claimed-devices'],
      ['current', '/v1/claimed-devices'],
    ] as const) {
      it(`sends the guide's request, to the path of ${api}`, async () => {
        const { send, outputs, ended } = await rig({ tags: 'location=Trondheim' }, { api });
        send({ payload: GUIDE_TOKEN });
        await ended(1);
        const [request] = simulator.requests;
        assert.equal(request!.method, 'POST');
        assert.equal(request!.url, path);
        assert.equal(request!.headers['content-type'], 'application/json');
        assert.equal(request!.headers['authorization'], 'Bearer sim-key');
        assert.match(String(request!.headers['user-agent']), /^node-red-contrib-nrfcloud-provisioning\/\d+\.\d+\.\d+/);
        assert.equal(request!.body, `{"claimToken":"${GUIDE_TOKEN}","tags":["location=Trondheim"]}`);
        assert.equal(outputs[0]![0]!['payload'].id, GUIDE_DEVICE);
      });
    }

    it('takes an object with a token and tags, adds its own tags, and leaves tags out if there are none', async () => {
      const { send, ended } = await rig({ tags: 'mine', tagsType: 'str' });
      send({ payload: { claimToken: simulator.mint().claimToken, tags: ['a,b', ' mine ', 7] } });
      await ended(1);
      assert.deepEqual(JSON.parse(simulator.requests[0]!.body).tags, ['a,b', 'mine', '7']);
      await stopNodeRig();
      const other = await rig();
      other.send({ payload: simulator.mint().claimToken });
      await other.ended(1);
      assert.deepEqual(Object.keys(JSON.parse(simulator.requests[1]!.body) as object), ['claimToken']);
    });

    it('takes msg.tags, as text or an array, if its own field is empty', async () => {
      const { send, ended } = await rig({ tags: '' });
      send({ payload: simulator.mint().claimToken, tags: 'a, b' });
      await ended(1);
      send({ payload: { claimToken: simulator.mint().claimToken, tags: ['own'] }, tags: ['c'] });
      await ended(2);
      assert.deepEqual(
        simulator.requests.map(({ body }) => JSON.parse(body).tags),
        [
          ['a', 'b'],
          ['own', 'c'],
        ],
      );
      await stopNodeRig();
      const filled = await rig({ tags: 'mine' });
      filled.send({ payload: simulator.mint().claimToken, tags: ['ignored'] });
      await filled.ended(1);
      assert.deepEqual(JSON.parse(simulator.requests.at(-1)!.body).tags, ['mine']);
    });

    it("takes the modem's line as it comes from the serial port, as text or Buffer, wrapped or quoted", async () => {
      const { send, ended, outputs } = await rig({ whenClaimed: 'ok' });
      const { claimToken, deviceUuid } = simulator.mint();
      const wrapped = `${claimToken.slice(0, 70)}\r\n  ${claimToken.slice(70)}`;
      const lines = [
        `%ATTESTTOKEN: "${claimToken}"\r\n\r\nOK\r\n`,
        `AT%ATTESTTOKEN\r\n%ATTESTTOKEN: ${claimToken}\r\nOK\r\n`,
        `'${claimToken}'`,
        wrapped,
      ];
      for (const line of lines) send({ payload: line });
      send({ payload: Buffer.from(lines[0]!) });
      await ended(5);
      assert.deepEqual(
        outputs[0]!.map((msg) => msg['payload'].id),
        Array<string>(5).fill(deviceUuid),
      );
      const tokens = simulator.requests
        .filter(({ method }) => method === 'POST')
        .map(({ body }) => JSON.parse(body).claimToken);
      assert.deepEqual(new Set(tokens), new Set([claimToken]));
    });

    it('reads its inputs from flow, global, env, JSONata and JSON, and writes to another property', async () => {
      const { claimToken, deviceUuid } = simulator.mint();
      const flow = await rig({
        token: '{ "claimToken": payload.token }',
        tokenType: 'jsonata',
        tags: '["x"]',
        tagsType: 'json',
        output: 'result.device',
      });
      flow.send({ payload: { token: claimToken } });
      await flow.ended(1);
      assert.equal(flow.outputs[0]![0]!['result'].device.id, deviceUuid);
      assert.deepEqual(flow.outputs[0]![0]!['payload'], { token: claimToken });

      await stopNodeRig();
      process.env['TEST_CLAIM_TOKEN'] = claimToken;
      const fromEnv = await rig({ token: 'TEST_CLAIM_TOKEN', tokenType: 'env', tags: 'tags', tagsType: 'flow' });
      fromEnv.node.context().flow.set('tags', ['from flow']);
      fromEnv.send({});
      await fromEnv.ended(1);
      delete process.env['TEST_CLAIM_TOKEN'];
      assert.deepEqual(JSON.parse(simulator.requests.at(-2)!.body).tags, ['from flow']);
    });

    it('passes unknown fields and values through untouched', async () => {
      simulator.set({ extras: { device: { status: 'BRAND_NEW', novelty: { deep: [1] } } } });
      const { send, ended, outputs } = await rig();
      send({ payload: simulator.mint().claimToken });
      await ended(1);
      assert.equal(outputs[0]![0]!['payload'].status, 'BRAND_NEW');
      assert.deepEqual(outputs[0]![0]!['payload'].novelty, { deep: [1] });
    });
  });

  describe('a device that is claimed already', () => {
    it('is passed on with alreadyClaimed, and a stale mark is taken away', async () => {
      const { send, ended, outputs } = await rig();
      const { claimToken, deviceUuid } = simulator.mint();
      send({ payload: claimToken, alreadyClaimed: true });
      await ended(1);
      send({ payload: claimToken });
      await ended(2);
      assert.deepEqual(
        outputs[0]!.map((msg) => [msg['payload'].id, msg['alreadyClaimed'], msg['statusCode']]),
        [
          [deviceUuid, undefined, 201],
          [deviceUuid, true, 200],
        ],
      );
    });

    it('is passed on with the tags that it lacks, and none if it lacks none', async () => {
      const { send, ended, outputs } = await rig();
      const { claimToken } = simulator.mint();
      send({ payload: claimToken, tags: ['a'], tagsNotApplied: 'stale' });
      await ended(1);
      send({ payload: claimToken, tags: ['a', 'b', 'c'] });
      await ended(2);
      send({ payload: claimToken, tags: ['a'] });
      await ended(3);
      assert.deepEqual(
        outputs[0]!.map((msg) => msg['tagsNotApplied']),
        [undefined, ['b', 'c'], undefined],
      );
    });

    it('that lacks tags and is found after a lost response is passed on with these tags, and ends yellow', async () => {
      const { send, ended, outputs, statuses } = await rig();
      const { claimToken } = simulator.mint();
      send({ payload: claimToken });
      await ended(1);
      simulator.faults.add({ match: { operation: 'claim' }, drop: 'after', times: 1 });
      send({ payload: claimToken, tags: ['a'] });
      await ended(2);
      const found = outputs[0]![1]!;
      assert.deepEqual([found['tagsNotApplied'], found['alreadyClaimed']], [['a'], undefined]);
      assert.equal(statuses.at(-1)!.fill, 'yellow');
    });

    it('ends yellow if it lacks tags, and a dry run ends as claimable', async () => {
      const { send, ended, statuses } = await rig();
      const { claimToken } = simulator.mint();
      send({ payload: claimToken });
      await ended(1);
      send({ payload: claimToken, tags: ['a'] });
      await ended(2);
      assert.deepEqual(
        [statuses.at(-1)!.fill, statuses.at(-1)!.text],
        ['yellow', 'nrfcloud-claim.status.tagsNotApplied'],
      );
      await stopNodeRig();
      const dry = await rig({ dryRun: true }, { api: 'current' });
      dry.send({ payload: simulator.mint().claimToken });
      await dry.ended(1);
      assert.deepEqual(
        [dry.statuses.at(-1)!.fill, dry.statuses.at(-1)!.text],
        ['green', 'nrfcloud-claim.status.claimable'],
      );
    });

    it('is an error if the node says so', async () => {
      const { claimToken, deviceUuid } = simulator.mint();
      simulator.fill(0);
      const flow = await rig({ whenClaimed: 'error' });
      flow.send({ payload: claimToken });
      await flow.ended(1);
      flow.send({ payload: claimToken });
      await flow.ended(2);
      const { error, payload, deviceId } = flow.caught[0]!;
      assert.equal(error.code, 'NRFCLOUD_CONFLICT');
      assert.equal(error.cause.statusCode, 409);
      assertSentence(error.message);
      assert.equal(payload, claimToken);
      assert.equal(deviceId, deviceUuid);
    });

    for (const whenClaimed of ['ok', 'error']) {
      it(`is an error if it belongs to another team (${whenClaimed})`, async () => {
        const { claimToken, deviceUuid } = simulator.mint();
        simulator.claimByOther(deviceUuid);
        const { error } = await expectError(await rig({ whenClaimed }), { payload: claimToken });
        assert.equal(error.code, 'NRFCLOUD_CONFLICT');
        assertSentence(error.message);
      });
    }
  });

  describe('a dry run', () => {
    it('sends a dry run, claims nothing, and returns the id', async () => {
      const { claimToken, deviceUuid } = simulator.mint();
      const { send, ended, outputs } = await rig({ dryRun: true, tags: 'x' }, { api: 'current' });
      send({ payload: claimToken });
      await ended(1);
      assert.equal(simulator.requests[0]!.url, '/v1/claimed-devices?dryrun=true');
      assert.deepEqual(outputs[0]![0]!['payload'], { id: deviceUuid, operation: 'dryRun' });
      assert.equal(outputs[0]![0]!['statusCode'], 202);
      assert.equal(simulator.claims.size, 0);
    });

    it('is refused with the API version guide, before anything is sent', async () => {
      const flow = await rig({ dryRun: true });
      const { error } = await expectError(flow, { payload: simulator.mint().claimToken });
      assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(error.message);
      assert.equal(simulator.requestCount, 0);
    });

    for (const whenClaimed of ['ok', 'error']) {
      it(`reports a device that is already claimed as a claim does (${whenClaimed})`, async () => {
        const { claimToken, deviceUuid } = simulator.mint();
        const flow = await rig({ whenClaimed }, { api: 'current' });
        flow.send({ payload: claimToken });
        await flow.ended(1);
        await stopNodeRig();
        const dry = await rig({ dryRun: true, whenClaimed }, { api: 'current' });
        dry.send({ payload: claimToken, alreadyClaimed: 'stale' });
        await dry.ended(1);
        if (whenClaimed === 'ok') {
          const { payload, alreadyClaimed } = dry.outputs[0]![0]!;
          assert.deepEqual([payload.id, alreadyClaimed], [deviceUuid, true]);
        } else assertSentence(dry.caught[0]!['error'].message);
      });
    }

    it('reports it if the service really claimed the device', async () => {
      simulator.faults.add({ status: 201, body: { id: 'x' } });
      const { error } = await expectError(await rig({ dryRun: true }, { api: 'current' }), {
        payload: simulator.mint().claimToken,
      });
      assert.equal(error.code, 'NRFCLOUD_BAD_RESPONSE');
    });
  });
});
