import assert from 'node:assert/strict';
import { NrfCloudError } from '../../../nodes/api/errors';
import type { Rule } from '../../../nodes/api/rules';
import {
  diagnose,
  knownAgainst,
  notConnectedDiagnosis,
  readClaimState,
  readRules,
  unknownDiagnosis,
  type ClaimMemory,
  type SendRequest,
} from '../../../nodes/operations/onboarding-diagnosis';
import { ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const MINUTE = 60_000;
const claimed = { device: { value: { id: 'x' } } };
const missing = { device: { value: undefined } };

describe('knownAgainst', () => {
  const memory = (): ClaimMemory => ({ wasClaimed: false, unclaimedSince: -1 });

  it('knownAgainst: a device that was claimed and is missing for ten minutes is unclaimed', () => {
    const device = memory();
    assert.equal(knownAgainst(device, claimed, 0), undefined);
    assert.equal(knownAgainst(device, missing, MINUTE), undefined);
    assert.equal(knownAgainst(device, missing, 10 * MINUTE), undefined);
    assert.equal(knownAgainst(device, missing, 11 * MINUTE)?.stage, 'unclaimed');
  });

  it('knownAgainst: a device that comes back in between is not unclaimed', () => {
    const device = memory();
    knownAgainst(device, claimed, 0);
    knownAgainst(device, missing, MINUTE);
    knownAgainst(device, claimed, 2 * MINUTE);
    assert.equal(knownAgainst(device, missing, 11 * MINUTE), undefined);
    assert.equal(knownAgainst(device, missing, 20 * MINUTE), undefined);
  });

  it('knownAgainst: a device that was never seen claimed is not unclaimed', () => {
    const device = memory();
    knownAgainst(device, missing, 0);
    assert.equal(knownAgainst(device, missing, 60 * MINUTE), undefined);
  });

  it('knownAgainst: an error says nothing, and a failed command ends it', () => {
    const device = memory();
    const error = new NrfCloudError('NRFCLOUD_UNAVAILABLE', 'down', { operation: 'get device', attempts: 1 });
    knownAgainst(device, claimed, 0);
    assert.equal(knownAgainst(device, { device: { error } }, MINUTE), undefined);
    assert.deepEqual(device, { wasClaimed: true, unclaimedSince: -1 });
    assert.equal(knownAgainst(device, { ...claimed, failedCommand: { status: 'FAILED' } }, MINUTE)?.stage, 'failed');
  });
});

describe('diagnose', () => {
  const error = new NrfCloudError('NRFCLOUD_UNAVAILABLE', 'the service is down', {
    operation: 'list rules',
    attempts: 1,
    statusCode: 503,
  });
  const device = (more: object): { device: { value: Record<string, unknown> } } => ({
    device: { value: { id: 'x', status: 'READY', ...more } },
  });
  const rules = (...list: Rule[]): { value: Rule[] } => ({ value: list });
  const [active, draft, unknown] = [
    { tags: ['t'], active: true },
    { tags: ['t', 'u'], status: 'DRAFT' },
    { tags: ['t'] },
  ];

  for (const [what, state, list, stage] of [
    ['a failed command', { ...device({ tags: ['t'] }), failedCommand: { status: 'FAILED' } }, rules(), 'failed'],
    ['a device that cannot be read', { device: { error } }, rules(), 'waiting'],
    ['a device of others', { device: { value: undefined } }, rules(), 'waiting'],
    ['a blocked device', device({ status: 'Blocked', tags: ['t'] }), rules(active), 'blocked'],
    ['rules that cannot be read', device({ tags: ['t'] }), { error }, 'waiting'],
    ['tags that are not shown', device({}), rules(active), 'waiting'],
    ['no rule', device({ tags: ['a', 'b', 7] }), rules(active), 'waiting'],
    ['no tags', device({ tags: [] }), rules(active), 'waiting'],
    ['an active rule', device({ tags: ['a', 't'] }), rules(draft, active), 'waiting'],
    ['a rule in an unknown state', device({ tags: ['t'] }), rules(draft, unknown), 'waiting'],
    ['a draft', device({ tags: ['u'], status: 7 }), rules(active, draft), 'waiting'],
  ] as const) {
    it(`diagnose: names ${what}`, () => {
      const diagnosis = diagnose(state, list);
      assert.equal(diagnosis.stage, stage);
      assertSentence(diagnosis.reason);
    });
  }

  it('notConnectedDiagnosis: names the state that is missing', () => {
    const { stage, reason, statusCode } = notConnectedDiagnosis(200);
    assert.deepEqual([stage, statusCode], ['onboarded', 200]);
    assertSentence(reason);
  });

  it('unknownDiagnosis: says that the device may be onboarded, with the status if there is one', () => {
    const { stage, reason, statusCode } = unknownDiagnosis(error);
    assert.deepEqual([stage, statusCode], ['waiting', 503]);
    assertSentence(reason);
    assert.equal('statusCode' in unknownDiagnosis(new Error('stopped')), false);
  });
});

describe('readClaimState', () => {
  let service: ScriptedServer;
  let send: SendRequest;
  beforeEach(async () => {
    service = await ScriptedServer.start({ backOff: false });
    const api = service.api();
    send = (work) => work(api);
  });
  afterEach(() => service.stop());

  const command = (status: string, more: object = {}): object => ({ id: status, status, ...more });

  for (const [what, responses, failed, requests] of [
    ['a device that is not claimed', [[404]], undefined, 1],
    ['a device that cannot be read', [[401]], undefined, 1],
    ['commands that cannot be read', [[200, { id: 'x' }], [401]], undefined, 2],
    ['no list of commands', [[200, { id: 'x' }], [404]], undefined, 2],
    [
      'successes',
      [
        [200, { id: 'x' }],
        [200, [command('SUCCEEDED')]],
      ],
      undefined,
      2,
    ],
    [
      'a failure',
      [
        [200, { id: 'x' }],
        [200, [command('SUCCEEDED'), command('FAILED')]],
      ],
      'FAILED',
      2,
    ],
    [
      'a failure before a new attempt',
      [
        [200, { id: 'x' }],
        [200, [command('FAILED'), command('PENDING')]],
      ],
      undefined,
      2,
    ],
    [
      'a failure that others were removed after',
      [
        [200, { id: 'x' }],
        [200, [command('REMOVED'), command('FAILED', { response: {} })]],
      ],
      'FAILED',
      2,
    ],
    [
      'a failure with an error',
      [
        [200, { id: 'x' }],
        [200, [command('REMOVED'), command('FAILED', { error: 'no key' })]],
      ],
      'FAILED',
      2,
    ],
  ] as [string, ScriptedResponse[], string | undefined, number][]) {
    it(`readClaimState: finds the failed command, or none, in ${what}`, async () => {
      service.respondWith(...responses);
      const state = await readClaimState(send, 'x');
      assert.equal(state.failedCommand?.status, failed);
      assert.equal('failedCommand' in state, failed !== undefined);
      assert.equal(service.requests.length, requests);
    });
  }

  it('readClaimState, readRules: give errors of the service, and throw others', async () => {
    service.respondWith([401], [200, [{ name: 'rule', tags: [] }]], [500]);
    const { device } = await readClaimState(send, 'x');
    assert.equal('error' in device && device.error.code, 'NRFCLOUD_UNAUTHORIZED');
    assert.deepEqual(await readRules(send), { value: [{ name: 'rule', tags: [] }] });
    const failure = await readRules(send);
    assert.equal('error' in failure && failure.error.code, 'NRFCLOUD_UNAVAILABLE');
    await assert.rejects(
      readRules(() => Promise.reject(new TypeError('a defect'))),
      TypeError,
    );
    assert.equal(service.requests.length, 3);
  });
});
