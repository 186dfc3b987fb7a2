import assert from 'node:assert/strict';
import { mock } from 'node:test';
import claimNode from '../../nodes/nrfcloud-claim';
import type { Simulator } from '../../simulator';
import { expectError, expectResults, stopNodeRig } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

const GUIDE_TOKEN =
  '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWTE';
const OTHER_TOKEN =
  '2dn3hQFQUDYxVDkxRPCAIhIbZAFifQNQGv86y_GmR2SiY0wmRsHGVFDT791_BPH8YOWFiyCHND1q.0oRDoQEmoQRBIfZYQGuXwJliinHc6xDPruiyjsaXyXZbZVpUuOhHG9YS8L05VuglCcJhMN4EUhWVGpaHgNnHHno6ahi-d5tOeZmAcNY';
const GUIDE_DEVICE = '4961c873-408c-45ce-b1ba-7c0d99d88179';

describe('nrfcloud-claim: inputs', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started));
  const rig = defineRig({ node: claimNode, type: 'nrfcloud-claim' });

  describe('input that cannot be used', () => {
    const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';
    const KEYGEN =
      'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZKgDx0O0FKa7i1yFoxYngNdV5Csyi4rEPHcFTfeBVtkkJX-G0QZs-yesfzIaPs91b4x5xYN_g28k63gkeVMJwA.0oRDoQEmoQRBIVhL2dn3hQhQUDYxVDkxRPCAIhIbZAFifUEQWCDlovwqMVoJ1W-x93Tqypy2v_1ALv3-GCF1R9gYIy2WVlBQXvxKqA9JTveFh3nVwce-WEAMltwSSkVh8jSBPhP79ndSG0HJTOaTF9SExIq-FstjdLUW2inxdvVfqzLa05rgXqxshN5vfQIs22QT-swCt30h';
    const cases: [string, unknown][] = [
      ['nothing', undefined],
      ['an empty text', ' "" '],
      ['a number', 42],
      ['an array', ['x']],
      ['an object without a token', { token: 'x' }],
      ['an object with a tag', { claimToken: GUIDE_TOKEN, tag: 'x' }],
      ['an upload of bulk claim', { bulkOpsRequestId: 'x', rows: 1 }],
      ['two tokens', `%ATTESTTOKEN: "${GUIDE_TOKEN}" OK %ATTESTTOKEN: "${OTHER_TOKEN}" OK`],
      ['a changed keyboard layout', GUIDE_TOKEN.replace('-', "'")],
      ['an AT%KEYGEN result', KEYGEN],
      ['a JWT', JWT],
      ['a UUID', GUIDE_DEVICE],
      ['an IMEI', '352656106118683'],
      ['a token cut at the dot', GUIDE_TOKEN.split('.')[0]],
      ['a token cut in its first part', GUIDE_TOKEN.slice(20)],
      ['a token cut in its second part', GUIDE_TOKEN.slice(0, 150)],
      ['standard Base64', GUIDE_TOKEN.replace('-', '+')],
      ['a damaged first part', GUIDE_TOKEN.replace('2dn3hQFQ', '2dn3hQFA')],
      ['a CSR', `2dn3hQlQ${GUIDE_TOKEN.slice(8)}`],
      ['JSON text', `{"claimToken":"${GUIDE_TOKEN}"}`],
      ["the modem's error", 'ERROR'],
      ['a tag of 101 characters', { claimToken: GUIDE_TOKEN, tags: ['x'.repeat(101)] }],
      ['tags that are a number', { claimToken: GUIDE_TOKEN, tags: 5 }],
      ['a tag with a control character', { claimToken: GUIDE_TOKEN, tags: ['a\0'] }],
    ];
    for (const [name, payload] of cases) {
      it(`is named and sends no request: ${name}`, async () => {
        const caught = await expectError(await rig(), { payload });
        assert.equal(caught['error'].code, 'NRFCLOUD_INVALID_INPUT');
        assertSentence(caught['error'].message);
        assert.equal(caught['error'].message.includes(GUIDE_TOKEN.slice(10, 50)), false);
        assert.equal(caught['error'].cause.attempts, 0);
        assert.equal(caught['error'].cause.method, 'POST');
        assert.deepEqual(caught['payload'], payload);
        assert.equal(simulator.requestCount, 0);
      });
    }

    it('is a source of tags without a value, unless it is msg.tags', async () => {
      const chosen = await rig({ tags: 'station', tagsType: 'msg' });
      const { error } = await expectError(chosen, { payload: GUIDE_TOKEN });
      assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(error.message);
      assert.equal(simulator.requestCount, 0);
      for (const station of ['', []]) chosen.send({ payload: simulator.mint().claimToken, station });
      await chosen.ended(3);
      assert.equal(chosen.outputs[0]!.length, 2);
      await stopNodeRig();
      const optional = await rig({ tags: 'tags', tagsType: 'msg' });
      optional.send({ payload: simulator.mint().claimToken });
      await optional.ended(1);
      assert.equal(optional.caught.length, 0);
    });

    it('is a JSONata expression without a result, which the error names', async () => {
      const { error } = await expectError(await rig({ token: 'payload.nothing', tokenType: 'jsonata' }), {
        payload: {},
      });
      assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(error.message);
    });

    it('takes a tag of 100 characters', async () => {
      const { send, ended, caught } = await rig({ tags: '😀'.repeat(100) });
      send({ payload: simulator.mint().claimToken });
      await ended(1);
      assert.equal(simulator.requestCount, 1);
      assert.ok(caught.length === 0 || caught[0]!['error'].code === 'NRFCLOUD_REJECTED');
    });

    it('says which expression, JSON or output is wrong', async () => {
      for (const config of [
        { token: 'payload.(', tokenType: 'jsonata' },
        { token: '{', tokenType: 'json' },
        { output: 'payload.x' },
        { whenClaimed: 'maybe' },
      ] as const) {
        const { error } = await expectError(await rig(config), { payload: GUIDE_TOKEN });
        assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
        assertSentence(error.message);
        await stopNodeRig();
      }
      assert.equal(simulator.requestCount, 0);
    });

    it('says which environment variable of a property is not set', async () => {
      for (const config of [{ whenClaimed: '${NOT_SET}' }, { output: '${NOT_SET}' }, { output: 'of.${NOT_SET}' }]) {
        const { error } = await expectError(await rig(config), { payload: GUIDE_TOKEN });
        assert.equal(error.code, 'NRFCLOUD_NOT_CONFIGURED');
        assertSentence(error.message);
        await stopNodeRig();
      }
      assert.equal(simulator.requestCount, 0);
    });

    it('replaces an environment variable within the text of a property', async () => {
      process.env['SPEC_STATION'] = 'west';
      try {
        const flow = await rig({ output: 'of.${SPEC_STATION}' });
        const [result] = await expectResults(flow, { payload: simulator.mint().claimToken });
        assert.equal(result!['of'].west.id, result!['deviceId']);
      } finally {
        delete process.env['SPEC_STATION'];
      }
    });

    it('ends in an error if an expression does not end', async () => {
      const { send, ended, caught } = await rig({ token: 'payload', tokenType: 'jsonata' });
      mock.timers.enable({ apis: ['setTimeout'] });
      try {
        // JSONata waits for a value that has a then of its own.
        await new Promise<void>((then) => send({ payload: { then } }));
        mock.timers.tick(30_000);
      } finally {
        mock.timers.reset();
      }
      await ended(1);
      assert.equal(caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(caught[0]!['error'].message);
    });

    for (const tokenType of ['flow', 'global']) {
      it(`takes a promise in the ${tokenType} context for what it is: no claim token`, async () => {
        const flow = await rig({ token: 'kept', tokenType });
        flow.node.context()[tokenType as 'flow' | 'global'].set('kept', Promise.resolve(GUIDE_TOKEN));
        const { error } = await expectError(flow, { payload: '' });
        assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
        assert.equal(simulator.requestCount, 0);
      });
    }
  });
});
