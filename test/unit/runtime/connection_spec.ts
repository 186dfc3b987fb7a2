import assert from 'node:assert/strict';
import { getAccount } from '../../../nodes/api/device-management';
import { Api } from '../../../nodes/api/api';
import type { Client } from '../../../nodes/api/client';
import type { NrfCloudError } from '../../../nodes/api/errors';
import {
  clientOf,
  connectionProblem,
  createClient,
  keyWarnings,
  storedKey,
  variableOf,
  withVariables,
} from '../../../nodes/runtime/connection';
import { InvalidSetting } from '../../../nodes/runtime/settings';
import { Abort } from '../../../nodes/util/abort';
import { ConnectionRig } from '../../support/connection-rig';
import { errorOf } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const HERE = 'http://127.0.0.1:9';
const THERE = 'http://localhost:9';
const MAX_TIMER_S = 2_147_483;

/** What a call refuses. */
function refusal(call: () => unknown): InvalidSetting {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof InvalidSetting);
    return error;
  }
  return assert.fail('nothing is refused');
}

/** The error of a request that must not reach any server. */
function failureOf(client: Client): Promise<NrfCloudError> {
  return errorOf(getAccount(new Api(client, { signal: new Abort(), lane: 'test' })));
}

describe('connection', () => {
  let rig: ConnectionRig;
  beforeEach(() => (rig = new ConnectionRig()));
  afterEach(() => rig.stop());

  it('connection: without settings it is for nRF Cloud and the API of the guide, with five retries', () => {
    const { client } = rig.open();
    assert.deepEqual(client!.origins, ['https://api.provisioning.nrfcloud.com', 'https://api.nrfcloud.com']);
    assert.deepEqual([client!.api, client!.retries], ['guide', 5]);
    assert.deepEqual(rig.warnings, []);
  });

  it('connection: its settings reach the client', () => {
    const { client } = rig.open({ baseUrl: HERE, deviceApiUrl: THERE, api: 'current', retries: '2' });
    assert.deepEqual(client!.origins, [HERE, THERE]);
    assert.deepEqual([client!.api, client!.retries], ['current', 2]);
  });

  it('connection: with another host and no device API URL, the device API is not known', async () => {
    const { client } = rig.open({ baseUrl: HERE });
    assert.deepEqual(client!.origins, [HERE]);
    assert.equal((await failureOf(client!)).code, 'NRFCLOUD_NOT_CONFIGURED');
  });

  for (const [property, allowed, refused] of [
    ['concurrency', [1, 10_000], [0, 10_001, 1.5]],
    ['rate', [0, 0.5, 1_000_000], [-1, 1_000_001]],
    ['queueLimit', [0, 1_000_000], [-1, 0.5]],
    ['timeout', [0.001, MAX_TIMER_S], [0, MAX_TIMER_S + 1]],
    ['retries', [0, 1000], [-1, 1001, 0.5]],
    ['outageWait', [0, MAX_TIMER_S], [-1, MAX_TIMER_S + 1]],
    ['api', ['', 'guide', 'current'], ['old']],
    ['baseUrl', ['', null, 'https://example.com/v1'], ['http://example.com', 'example', 5, {}]],
    ['deviceApiUrl', ['', 'https://example.com/v1'], ['http://example.com', 'example', 5, {}]],
  ] as const) {
    it(`connection: ${property} has bounds`, async () => {
      for (const value of allowed) await createClient(rig.RED, { [property]: value }, 'key').close();
      for (const value of refused) {
        assert.equal(refusal(() => createClient(rig.RED, { [property]: value }, 'key')).property, property);
      }
    });
  }

  it('connection: an invalid device API URL is named as such', () => {
    assertSentence(refusal(() => createClient(rig.RED, { deviceApiUrl: 'x' }, 'key')).message);
  });

  for (const [what, apiKey, variable] of [
    ['no key', undefined],
    ['a blank key', ' '],
    ['an unset variable', ' ${NOT_SET} ', 'NOT_SET'],
    ['a variable of a makefile', '$(KEY)'],
    ['a variable of Windows', '%KEY%'],
    ['a header', 'bearer key'],
    ['a quoted key', '"key"'],
    ['a key with an odd character', 'key\u200b'],
  ] as const) {
    it(`connection: ${what} is refused as API key`, () => {
      const problem = refusal(() => createClient(rig.RED, {}, apiKey));
      assert.deepEqual([problem.property, problem.variable], ['apiKey', variable]);
      assertSentence(problem.message);
    });
  }

  it('connection: a key that only holds such characters is taken', async () => {
    for (const key of ['a$(K)', '$(K)a', 'a%K%', '%K%a', 'aBearer', 'Bearers', 'a"K"', '"K"a']) {
      await createClient(rig.RED, {}, key).close();
    }
  });

  it('connection: a proxy of the environment that cannot be used is the problem of its proxy', () => {
    const before = process.env['https_proxy'];
    process.env['https_proxy'] = 'ftp://proxy';
    try {
      assert.equal(refusal(() => createClient(rig.RED, {}, 'key')).property, 'proxy');
    } finally {
      if (before === undefined) Reflect.deleteProperty(process.env, 'https_proxy');
      else process.env['https_proxy'] = before;
    }
  });

  it('connection: a key that begins as an organization auth token gets a warning', () => {
    assert.deepEqual([undefined, 'key', 'key_oat_'].flatMap(keyWarnings), []);
    const warnings = keyWarnings(' oat_1');
    assert.equal(warnings.length, 1);
    assertSentence(warnings[0]);
    assert.notEqual(rig.open({}, { apiKey: 'oat_1' }).client, undefined);
    assert.deepEqual(rig.warnings, warnings);
  });

  it('connection: one that cannot work has no client, and says why once', async () => {
    const node = rig.open({ timeout: 0 });
    assert.equal(node.client, undefined);
    assert.equal(node.problem.property, 'timeout');
    assert.deepEqual(rig.warnings, [node.problem.message]);
    assert.equal(connectionProblem(rig.RED, 'connection'), node.problem);
    await rig.close(node);
  });

  it('connection: an error of a node that it refers to is its problem', () => {
    const addTLSOptions = (): void => {
      throw new Error('unexpected');
    };
    rig.add('tls', { valid: true, addTLSOptions });
    const { client, problem } = rig.open({ tls: 'tls' });
    assert.equal(client, undefined);
    assert.ok(problem instanceof InvalidSetting);
    assert.deepEqual([problem.property, problem.message], ['name', 'Error: unexpected']);
  });

  it('connection: when it is closed, so is its client', async () => {
    const node = rig.open({ baseUrl: HERE, deviceApiUrl: HERE });
    await rig.close(node);
    assert.equal((await failureOf(node.client!)).code, 'NRFCLOUD_CLOSED');
  });

  it('connection: a node gets the client of the connection that it names, or an error', () => {
    const { client } = rig.open();
    rig.add('other', { type: 'tls-config', client });
    assert.equal(clientOf(rig.RED, 'connection', 'claim'), client);
    assert.equal(connectionProblem(rig.RED, 'connection'), undefined);
    for (const id of ['', undefined, 5, 'missing', 'other']) {
      assert.equal(connectionProblem(rig.RED, id)!.property, 'connection');
      assert.throws(() => clientOf(rig.RED, id, 'claim'), { code: 'NRFCLOUD_NOT_CONFIGURED' });
    }
    assertSentence(connectionProblem(rig.RED, 'missing')!.message);
    const { problem } = rig.open({}, { apiKey: '' });
    assert.throws(
      () => clientOf(rig.RED, 'connection', 'claim'),
      ({ message }: Error) => message.includes(problem.message),
    );
  });
});

describe('variables of a connection', () => {
  let rig: ConnectionRig;
  beforeEach(() => (rig = new ConnectionRig()));
  afterEach(() => rig.stop());

  it('variables of a connection: the values of its flow count, those of the process without a connection', () => {
    const variables = { TEXT: 'text', NUMBER: 0, YES: true, NO: false, EMPTY: '', OBJECT: {} };
    const node = rig.open({}, { variables });
    const values = Object.keys(variables).map((name) => variableOf(rig.RED, node, name));
    assert.deepEqual(values, ['text', '0', 'true', 'false', undefined, undefined]);
    assert.equal(variableOf(rig.RED, node, 'PATH'), undefined);
    assert.equal(variableOf(rig.RED, undefined, 'PATH'), process.env['PATH']);
    assert.equal(variableOf(rig.RED, undefined, 'TEXT'), undefined);
  });

  it('variables of a connection: they are replaced inside text, and one that is not set is named', () => {
    const node = rig.open({}, { variables: { HOST: 'host', PORT: 80 } });
    const read = <T>(value: T): T => withVariables(rig.RED, node, value, 'baseUrl');
    assert.equal(read('http://${HOST}:${PORT}/${}'), 'http://host:80/${}');
    assert.equal(read(5), 5);
    const { property, variable, message } = refusal(() => read('${HOST}/${NOT_SET}'));
    assert.deepEqual([property, variable], ['baseUrl', 'NOT_SET']);
    assertSentence(message);
  });

  it('variables of a connection: they count in its settings and its key, and nowhere else', () => {
    const variables = { URL: HERE, KEY: 'key' };
    const config = { baseUrl: '${URL}', name: '${NOT_SET}' };
    assert.deepEqual(rig.open(config, { apiKey: '${KEY}', variables }).client!.origins, [HERE]);
    const { client, problem } = rig.open({ baseUrl: '${NOT_SET}' }, { variables });
    assert.deepEqual([client, problem.property, problem.variable], [undefined, 'baseUrl', 'NOT_SET']);
  });

  it('variables of a connection: a variable may have made its key a number', () => {
    assert.equal(storedKey(rig.RED, rig.open({}, { apiKey: 12 })), '12');
    for (const apiKey of [true, {}, null]) assert.equal(storedKey(rig.RED, rig.open({}, { apiKey })), undefined);
    const unset = refusal(() => storedKey(rig.RED, rig.open({}, { apiKey: 'a${NOT_SET}' })));
    assert.deepEqual([unset.property, unset.variable], ['apiKey', 'NOT_SET']);
    assertSentence(unset.message);
  });
});
