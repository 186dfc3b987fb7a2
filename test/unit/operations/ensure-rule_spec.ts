import assert from 'node:assert/strict';
import { ensureRule } from '../../../nodes/operations/ensure-rule';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';

const RULE = { tag: 't', name: 'Onboarding', secTag: 1, certificates: 'PEM' };

describe('ensureRule', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  for (const list of [[403, { message: 'no' }], [404], [200, '<html>'], [409], [500]] as ScriptedResponse[]) {
    it(`ensureRule: a created rule is a success although the list then is ${JSON.stringify(list)}`, async () => {
      service.respondWith([200, []], [200, [{ id: '1', tag: 't' }]], [201], list);
      assert.deepEqual(await ensureRule(service.api({ retries: 0 }), RULE, () => undefined), {
        statusCode: 201,
        body: { name: 'Onboarding', tags: ['t'] },
        existed: false,
        warnings: [],
      });
      assert.deepEqual(service.lines, [
        'GET /provisioning-rules',
        'GET /claimed-devices/tags',
        'POST /provisioning-rules',
        'GET /provisioning-rules',
      ]);
    });
  }

  describe('after a creation whose response was lost', () => {
    const EMPTY: ScriptedResponse[] = [
      [200, []],
      [200, []],
      [200, []],
      [200, []],
      [200, []],
    ];
    const CREATED = { id: 'r', name: 'Onboarding', tags: ['t'] };
    const creations = (): number => service.lines.filter((line) => line === 'POST /provisioning-rules').length;
    beforeEach(() => service.respondWith([200, []], [200, [{ id: '1', tag: 't' }]]));

    for (const lost of [[500], 'reset'] as ScriptedResponse[]) {
      it(`ensureRule: repeats the creation if the list never shows the rule (${JSON.stringify(lost)})`, async () => {
        service.respondWith(lost, ...EMPTY, [201, CREATED]);
        const { body, existed } = await ensureRule(service.api(), RULE, () => undefined);
        assert.deepEqual([body, existed, creations()], [CREATED, false, 2]);
      });
    }

    it('ensureRule: takes the rule for its own if the repetition is refused because it exists', async () => {
      service.respondWith([500], ...EMPTY, [409], [200, [CREATED]]);
      const { body, existed } = await ensureRule(service.api(), RULE, () => undefined);
      assert.deepEqual([body, existed, creations()], [CREATED, false, 2]);
    });

    it('ensureRule: repeats the creation no more often than the connection allows', async () => {
      service.respondWith([500], ...EMPTY, [500], ...EMPTY);
      const { code, cause } = await errorOf(ensureRule(service.api({ retries: 1 }), RULE, () => undefined));
      assert.deepEqual([code, cause.mayHaveSucceeded, creations()], ['NRFCLOUD_UNAVAILABLE', true, 2]);
    });

    for (const refusal of [
      [401, 'NRFCLOUD_UNAUTHORIZED'],
      [409, 'NRFCLOUD_CONFLICT'],
      [422, 'NRFCLOUD_REJECTED'],
    ] as const) {
      it(`ensureRule: says that the rule may exist if the repetition is refused with ${refusal[0]}`, async () => {
        service.respondWith([500], ...EMPTY, [refusal[0]], [200, []]);
        const { code, cause } = await errorOf(ensureRule(service.api({ retries: 1 }), RULE, () => undefined));
        assert.deepEqual([code, cause.mayHaveSucceeded], [refusal[1], true]);
      });
    }

    it('ensureRule: says that the rule may exist if the flow is stopped while the list is read', async () => {
      const stop = new Abort();
      service.respondWith([500], () => stop.abort());
      const { code, cause } = await errorOf(ensureRule(service.api({}, { signal: stop }), RULE, () => undefined));
      assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_CLOSED', true]);
    });

    it('ensureRule: does not repeat a creation as long as the list cannot be read', async () => {
      service.respondWith([500], [403]);
      const { code, cause } = await errorOf(ensureRule(service.api(), RULE, () => undefined));
      assert.deepEqual([code, cause.mayHaveSucceeded, creations()], ['NRFCLOUD_UNAVAILABLE', true, 1]);
    });

    it('ensureRule: does not repeat a creation whose response is about something else', async () => {
      service.respondWith([201, { name: 'other' }], ...EMPTY);
      const { code, cause } = await errorOf(ensureRule(service.api(), RULE, () => undefined));
      assert.deepEqual([code, cause.mayHaveSucceeded, creations()], ['NRFCLOUD_BAD_RESPONSE', true, 1]);
    });
  });
});
