import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { Api } from '../../../nodes/api/api';
import { NrfCloudError } from '../../../nodes/api/errors';
import { ensureRule } from '../../../nodes/operations/ensure-rule';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

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

    for (const lost of [[500], [408], 'reset'] as ScriptedResponse[]) {
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

  describe('the rule that is there', () => {
    const named = (name: string): object => ({ name, tags: ['t'], active: true });

    for (const [what, rules, name, warnings] of [
      ['the wanted name', ['Other', 'Onboarding', 'Third'], 'Onboarding', 0],
      ['another name', ['Other', 'Third'], 'Other', 1],
    ] as const) {
      it(`ensureRule: of several rules takes the one with ${what}`, async () => {
        service.respondWith([200, [{ name: 'Onboarding', tags: ['u'] }, ...rules.map(named)]]);
        const found = await ensureRule(service.api(), RULE, () => assert.fail('it is not created'));
        assert.deepEqual([found.body, found.existed, found.statusCode], [named(name), true, 200]);
        assert.equal(found.warnings.length, warnings);
        for (const warning of found.warnings) assertSentence(warning);
      });
    }

    for (const rule of [{ active: false }, { status: 'PAUSED' }]) {
      it(`ensureRule: warns of a rule with ${JSON.stringify(rule)}`, async () => {
        service.respondWith([200, [{ ...named('Onboarding'), active: undefined, ...rule }]]);
        const { warnings } = await ensureRule(service.api(), RULE, () => undefined);
        assert.equal(warnings.length, 1);
        assertSentence(warnings[0]);
      });
    }

    it('ensureRule: a rule that another flow creates at the same time existed', async () => {
      service.respondWith([200, []], [200, [{ tag: 't' }]], [409], [200, [named('Onboarding')]]);
      const { body, existed } = await ensureRule(service.api(), RULE, () => undefined);
      assert.deepEqual([body, existed], [named('Onboarding'), true]);
    });

    it('ensureRule: a rule without a name carries no other name', async () => {
      service.respondWith([200, [{ tags: ['t'], active: true }]]);
      const { existed, warnings } = await ensureRule(service.api(), RULE, () => undefined);
      assert.deepEqual([existed, warnings], [true, []]);
    });

    for (const [message, isThere] of [
      ['the name is in use', true],
      ['the name is too long', false],
    ] as const) {
      it(`ensureRule: ${isThere ? 'looks' : 'does not look'} for the rule after the refusal "${message}"`, async () => {
        service.respondWith([200, []], [200, [{ tag: 't' }]], [422, { message }], [200, [named('Onboarding')]]);
        const ensured = ensureRule(service.api(), RULE, () => undefined);
        if (isThere) assert.equal((await ensured).existed, true);
        else assert.equal((await errorOf(ensured)).code, 'NRFCLOUD_REJECTED');
        assert.equal(service.requests.length, isThere ? 4 : 3);
      });
    }

    it('ensureRule: a rule of the same name without the tag is a conflict', async () => {
      service.respondWith([200, []], [200, [{ tag: 't' }]], [409], [200, [{ name: 'Onboarding', tags: ['u'] }]]);
      const { code, message, cause } = await errorOf(ensureRule(service.api(), RULE, () => undefined));
      assert.deepEqual([code, cause.statusCode, cause.mayHaveSucceeded], ['NRFCLOUD_CONFLICT', 409, undefined]);
      assertSentence(message);
    });
  });

  describe('a creation without a usable response', () => {
    const serve = (...responses: ScriptedResponse[]): void =>
      service.respondWith([200, []], [200, [{ tag: 't' }]], ...responses);
    /** An API whose requests of one operation throw an error instead of being sent, from the given one on. */
    const failing = (operation: string, error: Error, first = 0): Api => {
      const api = service.api();
      const send = api.send.bind(api);
      let count = 0;
      mock.method(api, 'send', (...parameters: Parameters<typeof send>) =>
        parameters[0] === operation && count++ >= first ? Promise.reject(error) : send(...parameters),
      );
      return api;
    };
    const facts = { operation: 'create rule', attempts: 1 } as const;

    it('ensureRule: a response without a body is a success although the list does not show the rule', async () => {
      serve([201], [200, []]);
      const { body } = await ensureRule(service.api(), RULE, () => undefined);
      assert.deepEqual(body, { name: 'Onboarding', tags: ['t'] });
    });

    it('ensureRule: says that the rule may exist if the flow is stopped while it is read', async () => {
      const stop = new Abort();
      serve([201], () => stop.abort());
      const { code, cause } = await errorOf(ensureRule(service.api({}, { signal: stop }), RULE, () => undefined));
      assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_CLOSED', true]);
    });

    it('ensureRule: a defect while the created rule is read is thrown', async () => {
      const defect = new TypeError('a defect');
      serve([201]);
      const ensured = ensureRule(failing('list rules', defect, 1), RULE, () => undefined);
      await assert.rejects(ensured, (error) => error === defect);
    });

    it('ensureRule: looks for the rule after a timeout', async () => {
      const timeout = new NrfCloudError('NRFCLOUD_TIMEOUT', 'late', { ...facts, mayHaveSucceeded: true });
      serve([200, [{ id: 'r', tags: ['t'] }]]);
      const { body, existed } = await ensureRule(failing('create rule', timeout), RULE, () => undefined);
      assert.deepEqual([body, existed], [{ id: 'r', tags: ['t'] }, false]);
    });

    it('ensureRule: looks for the rule after a response about something else', async () => {
      serve([201, { name: 'other' }], [200, []], [200, [{ id: 'r', tags: ['t'] }]]);
      const { body, existed } = await ensureRule(service.api(), RULE, () => undefined);
      assert.deepEqual([body, existed], [{ id: 'r', tags: ['t'] }, false]);
    });

    it('ensureRule: does not look for a rule that cannot have been created', async () => {
      const unavailable = new NrfCloudError('NRFCLOUD_UNAVAILABLE', 'no connection', facts);
      serve();
      const ensured = ensureRule(failing('create rule', unavailable), RULE, () => undefined);
      assert.equal(await errorOf(ensured), unavailable);
      assert.deepEqual(service.lines, ['GET /provisioning-rules', 'GET /claimed-devices/tags']);
    });
  });

  describe('at the same time', () => {
    it('ensureRule: rules with different tags do not wait for each other', async () => {
      const found = (tag: string): string => JSON.stringify([{ name: 'Onboarding', tags: [tag], active: true }]);
      service.respondWith((_, first) => {
        service.respondWith((__, second) => {
          first.end(found('t'));
          second.end(found('u'));
        });
        second = ensureRule(api, { ...RULE, tag: 'u' }, () => undefined);
      });
      const api = service.api();
      let second: Promise<unknown> | undefined;
      await ensureRule(api, RULE, () => undefined);
      await second;
      assert.equal(service.requests.length, 2);
    });

    it('ensureRule: one that waits for another with its tag ends when its flow is stopped', async () => {
      const stop = new Abort();
      const client = service.client();
      const waiting = { error: undefined as Promise<NrfCloudError> | undefined };
      service.respondWith((_, response) => {
        waiting.error = errorOf(ensureRule(service.apiOf(client, { signal: stop }), RULE, () => undefined));
        stop.abort();
        response.end(JSON.stringify([{ name: 'Onboarding', tags: ['t'], active: true }]));
      });
      await ensureRule(service.apiOf(client), RULE, () => undefined);
      const { code, cause } = await waiting.error!;
      assert.deepEqual([code, cause.operation], ['NRFCLOUD_CLOSED', 'create rule']);
      assert.equal(service.requests.length, 1);
    });
  });
});
