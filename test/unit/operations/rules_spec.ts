import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mock } from 'node:test';
import { RULE_OPERATIONS, type RuleParams } from '../../../nodes/operations/rules';
import { amazonRootCertificate, coapRootCertificate } from '../../../nodes/operations/root-certificates';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const RULES = [
  { name: 'first', tags: ['a', 'b'], active: true },
  { name: 'second', tags: ['b'], active: true },
  { name: 'third' },
];

describe('operations of rules', () => {
  let service: ScriptedServer;
  let warnings: string[];
  beforeEach(async () => {
    service = await ScriptedServer.start({ backOff: false });
    warnings = [];
  });
  afterEach(() => service.stop());

  const params = (changes: Partial<RuleParams> = {}): RuleParams => ({
    tag: 'a',
    ruleName: 'Onboarding',
    secTag: 16842753,
    certificates: 'aws',
    content: undefined,
    source: { tag: 'msg.tag', ruleName: 'msg.ruleName', content: 'msg.certificates' },
    onWarning: (warning) => warnings.push(warning),
    ...changes,
  });
  const ensure = (changes?: Partial<RuleParams>) => RULE_OPERATIONS.ensure.run(service.api(), params(changes));
  /** The service has the tag and no rule, and creates one. */
  const serveCreation = (created: ScriptedResponse = [201, { id: 'r' }]): void =>
    service.respondWith([200, []], [200, [{ tag: 'a' }]], created);
  /** What the last request creates. */
  const created = (): Record<string, unknown> => JSON.parse(service.requests.at(-1)!.body) as Record<string, unknown>;

  it('rules: lists all rules', async () => {
    service.respondWith([200, RULES]);
    assert.deepEqual(await RULE_OPERATIONS.list.run(service.api()), { payload: RULES, statusCode: 200 });
  });

  it('rules: finds the rules that carry a tag', async () => {
    for (const [tag, count] of [
      ['a', 1],
      [' b ', 2],
      ['c', 0],
    ] as const) {
      service.respondWith([200, RULES]);
      const { payload, statusCode } = await RULE_OPERATIONS.find.run(service.api(), params({ tag }));
      assert.deepEqual([payload, statusCode], [RULES.slice(0, count), 200]);
    }
  });

  for (const [certificates, content] of [
    ['aws', amazonRootCertificate()!],
    ['aws+coap', `${amazonRootCertificate()!}\n${coapRootCertificate()}`],
    ['own', coapRootCertificate()],
  ] as const) {
    it(`rules: creates a rule with the certificates ${certificates}`, async () => {
      serveCreation();
      const { payload, statusCode, properties } = await ensure({
        ruleName: ' Onboarding ',
        certificates,
        content: coapRootCertificate(),
      });
      assert.deepEqual([payload, statusCode, properties!['existed']], [{ id: 'r' }, 201, false]);
      const { name, tags, active, commands } = created();
      assert.deepEqual([name, tags, active], ['Onboarding', ['a'], true]);
      assert.deepEqual(
        (commands as { request: object }[]).map(({ request }) => request),
        [
          { clientPrivateKeyGeneration: { secTag: 16842753 } },
          { cloudAccessKeyGeneration: { secTag: 16842753 } },
          { serverCertificate: { secTag: 16842753, content } },
        ],
      );
    });
  }

  it('rules: warns before it creates a rule whose certificates may be too large, and in the result', async () => {
    service.respondWith([200, []], [200, [{ tag: 'a' }]], (_, response) => {
      assert.equal(warnings.length, 1);
      response.writeHead(201);
      response.end('{"id":"r","active":false}');
    });
    const { properties } = await ensure({ certificates: 'aws+coap' });
    const all = properties!['warnings'] as string[];
    assert.deepEqual([all.length, all[0]], [2, warnings[0]]);
    assertSentence(all[0]);
  });

  it('rules: does not warn of certificates that fit', async () => {
    serveCreation();
    const { properties } = await ensure();
    assert.deepEqual([properties, warnings], [{ existed: false, warnings: undefined }, []]);
  });

  it('rules: does not warn of certificates if the rule exists', async () => {
    service.respondWith([200, RULES]);
    const { payload, properties } = await ensure({ certificates: 'aws+coap', ruleName: 'first' });
    assert.deepEqual([payload, properties], [RULES[0], { existed: true, warnings: undefined }]);
    assert.deepEqual(warnings, []);
  });

  for (const [name, value] of [
    ['ruleName', undefined],
    ['ruleName', null],
    ['ruleName', 7],
    ['ruleName', ' '],
    ['tag', 7],
    ['content', 'x'],
  ] as const) {
    it(`rules: refuses ${name} if it is ${JSON.stringify(value)}, before anything is sent`, async () => {
      const { code, message, cause } = await errorOf(
        ensure({ certificates: 'own', content: coapRootCertificate(), [name]: value }),
      );
      assert.deepEqual([code, cause.operation], ['NRFCLOUD_INVALID_INPUT', 'create rule']);
      assertSentence(message);
      assert.deepEqual(service.lines, []);
    });
  }

  it('rules: refuses a tag of a search that is missing', async () => {
    const { code, cause } = await errorOf(RULE_OPERATIONS.find.run(service.api(), params({ tag: undefined })));
    assert.deepEqual([code, cause.operation], ['NRFCLOUD_INVALID_INPUT', 'list rules']);
  });

  it('rules: asks for own certificates if Node.js does not have the one of Amazon', async () => {
    const fingerprint = mock.getter(X509Certificate.prototype, 'fingerprint256', () => 'of another one');
    try {
      const { code, message, cause } = await errorOf(ensure());
      assert.deepEqual([code, cause.operation], ['NRFCLOUD_INVALID_INPUT', 'create rule']);
      assertSentence(message);
    } finally {
      fingerprint.mock.restore();
    }
    assert.deepEqual(service.lines, []);
  });
});
