import assert from 'node:assert/strict';
import { rootCertificates } from 'node:tls';
import { NrfCloudError } from '../../../nodes/api/errors';
import {
  interruptedCreation,
  readCommand,
  readCommandIds,
  sendCommand,
  type ChosenCommand,
  type CommandInputs,
} from '../../../nodes/operations/command';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const [CERTIFICATE] = rootCertificates as [string];
const source = {
  device: 'msg.payload',
  command: 'msg.command',
  description: 'msg.description',
  secTag: 'msg.secTag',
  content: 'msg.content',
  attributes: 'msg.attributes',
  keyUsage: 'msg.keyUsage',
  requestInput: 'msg.request',
};
const read = (chosen: ChosenCommand, values: CommandInputs['values']): ReturnType<typeof readCommand> =>
  readCommand(chosen, { values: { device: 'd', ...values }, source });
const refuses = (work: () => unknown, operation: string): void => {
  assert.throws(work, (error: Error) => {
    assert.ok(error instanceof NrfCloudError);
    assert.deepEqual([error.code, error.cause.operation], ['NRFCLOUD_INVALID_INPUT', operation]);
    assertSentence(error.message);
    return true;
  });
};

describe('readCommand', () => {
  for (const [chosen, values, request] of [
    ['cloudAccessKeyGeneration', { secTag: '16842753' }, { secTag: 16842753 }],
    ['clientPrivateKeyGeneration', { secTag: 1, content: 'not used' }, { secTag: 1 }],
    [
      'certificateSigningRequest',
      { secTag: 1, attributes: ' CN=1 ', keyUsage: ' 101010001 ' },
      { secTag: 1, attributes: 'CN=1', keyUsage: '101010001' },
    ],
    ['serverCertificate', { secTag: 1, content: CERTIFICATE }, { secTag: 1, content: CERTIFICATE }],
    ['clientCertificate', { secTag: 1, content: CERTIFICATE }, { secTag: 1, content: CERTIFICATE }],
    ['finished', { secTag: 1 }, {}],
  ] as const) {
    it(`readCommand: reads the fields of ${chosen}, from the node and from the message`, () => {
      const definition = { request: { [chosen]: request } };
      assert.deepEqual(read(chosen, values), { deviceId: 'd', definition });
      assert.deepEqual(read('msg', { command: { type: chosen, ...values } }), { deviceId: 'd', definition });
    });
  }

  it('readCommand: a command of the message has a security tag and a key usage of its own', () => {
    const command = { type: 'certificateSigningRequest', attributes: 'CN=1', description: '' };
    assert.deepEqual(read('msg', { command }).definition, {
      request: { certificateSigningRequest: { secTag: 16842753, attributes: 'CN=1', keyUsage: '101010000' } },
    });
  });

  for (const [what, value] of [
    ['an object', { finished: {} }],
    ['JSON text', ' {"finished": {}} '],
    ['an object as JSON holds it', { finished: {}, unset: undefined }],
  ] as const) {
    it(`readCommand: reads a raw request from ${what}`, () => {
      const definition = { request: { finished: {} } };
      assert.deepEqual(read('request', { requestInput: value }).definition, definition);
      assert.deepEqual(read('msg', { command: { type: 'request', request: value } }).definition, definition);
      const both = { type: 'request', requestInput: value, request: 7 };
      assert.deepEqual(read('msg', { command: both }).definition, definition);
    });
  }

  it('readCommand: a description goes with the command, if there is one', () => {
    for (const description of ['why', undefined, null, '']) {
      const definition = { ...(description === 'why' && { description }), request: { finished: {} } };
      assert.deepEqual(read('finished', { description }).definition, definition);
      assert.deepEqual(read('msg', { command: { type: 'finished', description } }).definition, definition);
    }
  });

  it('readCommand: an object names its device by deviceId, or else by id', () => {
    assert.equal(read('finished', { device: { id: 'command', deviceId: 'e' } }).deviceId, 'e');
    assert.equal(read('finished', { device: { id: 'e' } }).deviceId, 'e');
    assert.equal(read('finished', { device: { id: 'e', deviceId: 7 } }).deviceId, 'e');
    assert.equal(read('finished', { device: { id: null, deviceId: 'e' } }).deviceId, 'e');
  });

  const csr = { secTag: 1, attributes: 'CN=1', keyUsage: '101010000' };
  for (const [what, chosen, values] of [
    ['a device that is a number', 'finished', { device: 7 }],
    ['a description that is a number', 'finished', { description: 7 }],
    ['a security tag that is missing', 'cloudAccessKeyGeneration', {}],
    ['content that is no certificate', 'serverCertificate', { secTag: 1, content: 'x' }],
    ['attributes that are missing', 'certificateSigningRequest', { ...csr, attributes: undefined }],
    ['attributes that are blank', 'certificateSigningRequest', { ...csr, attributes: ' ' }],
    ['attributes with a quote', 'certificateSigningRequest', { ...csr, attributes: 'CN="1"' }],
    ['attributes on two lines', 'certificateSigningRequest', { ...csr, attributes: 'CN=1\nO=2' }],
    ['a key usage of eight digits', 'certificateSigningRequest', { ...csr, keyUsage: '10101000' }],
    ['a key usage of ten digits', 'certificateSigningRequest', { ...csr, keyUsage: '1010100001' }],
    ['a key usage after a digit', 'certificateSigningRequest', { ...csr, keyUsage: '2101010000' }],
    ['a key usage that is a number', 'certificateSigningRequest', { ...csr, keyUsage: 101010000 }],
    ['a raw request that is missing', 'request', {}],
    ['a raw request that is blank', 'request', { requestInput: ' ' }],
    ['a raw request that is not JSON', 'request', { requestInput: '{' }],
    ['a raw request that is JSON of an array', 'request', { requestInput: '[]' }],
    ['a raw request that is a Buffer', 'request', { requestInput: Buffer.from('{}') }],
    ['a raw request that is a list as JSON', 'request', { requestInput: { toJSON: () => [] } }],
    ['a raw request of two commands', 'request', { requestInput: { finished: {}, other: {} } }],
    ['a raw request without a command', 'request', { requestInput: {} }],
    ['a command that is missing', 'msg', {}],
    ['a command that is text', 'msg', { command: 'finished' }],
    ['a command that is a Buffer', 'msg', { command: Buffer.from('{}') }],
    ['a command without a type', 'msg', { command: {} }],
    ['a command with another type', 'msg', { command: { type: 'reboot' } }],
    ['a command with a wrong field', 'msg', { command: { type: 'certificateSigningRequest', attributes: 7 } }],
    ['a command with a wrong description', 'msg', { command: { type: 'finished', description: 7 } }],
  ] as const) {
    it(`readCommand: refuses ${what}`, () => refuses(() => read(chosen, values), 'create command'));
  }
});

describe('readCommandIds', () => {
  it('readCommandIds: gives text and the ids of objects, without the others', () => {
    assert.deepEqual(readCommandIds(' a ', { id: 'b' }, { commandId: ' c ' }, { id: 'd', commandId: 'e' }), [
      'a',
      'b',
      'c',
      'd',
    ]);
    assert.deepEqual(readCommandIds(undefined, 7, '', ' ', {}, { id: 7 }, { id: '' }, null, 'a'), ['a']);
  });

  it('readCommandIds: refuses values without an id', () =>
    refuses(() => readCommandIds(undefined, 7, ' '), 'get command'));
});

describe('interruptedCreation', () => {
  it('interruptedCreation: says that the command may exist', () => {
    const { code, message, cause } = interruptedCreation('device\n1');
    assert.deepEqual(
      [code, cause],
      ['NRFCLOUD_UNAVAILABLE', { operation: 'create command', attempts: 1, mayHaveSucceeded: true }],
    );
    assertSentence(message);
  });
});

describe('sendCommand', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  const send = (request: Record<string, unknown> = { finished: {} }): ReturnType<typeof sendCommand> =>
    sendCommand(service.api(), { deviceId: 'd', definition: { request } });
  const refused = async (responses: ScriptedResponse[], request?: Record<string, unknown>): Promise<NrfCloudError> => {
    service.respondWith(...responses);
    return errorOf(send(request));
  };
  const list = (count: number, status = 'PENDING'): ScriptedResponse => [
    200,
    Array.from({ length: count }, (_, id) => ({ id: String(id), status })),
  ];
  const isLimit = ({ message }: NrfCloudError): boolean => message.includes('at most 20 commands');

  it('sendCommand: gives the created command', async () => {
    service.respondWith([201, { id: 'c' }]);
    assert.deepEqual(await send(), { statusCode: 201, body: { id: 'c' } });
    assert.deepEqual(JSON.parse(service.requests[0]!.body), { request: { finished: {} } });
  });

  it('sendCommand: a refusal whose words are about the number of commands is the limit', async () => {
    const error = await refused([[409, { message: 'Too many commands' }]]);
    assert.deepEqual([error.code, error.cause.statusCode], ['NRFCLOUD_REJECTED', 409]);
    assertSentence(error.message);
    assert.equal(service.requests.length, 1);
  });

  for (const [what, responses, expected, requests] of [
    ['with 20 commands that wait', [[400], list(20)], true, 2],
    ['with 19 commands that wait', [[403], list(19)], false, 2],
    ['with 20 commands that have ended', [[400], list(20, 'SUCCEEDED')], false, 2],
    ['whose commands cannot be listed', [[400], [401]], false, 2],
    ['without a list of commands', [[400], [404]], false, 2],
    ['without a list, after words about a limit', [[400, { message: 'limit exceeded' }], [404]], true, 2],
    ['whose list fails once, after words about a limit', [[400, { message: 'limit exceeded' }], [503]], true, 2],
    ['with few commands, after words about a limit', [[400, { message: 'a maximum of 20' }], list(3)], false, 2],
    ['with few commands, after words about a command', [[400, { message: 'commands are bad' }], list(3)], false, 2],
    ['and a key that is refused', [[401]], false, 1],
    ['whose command may exist after a time limit', [[408, { message: 'request time limit exceeded' }]], false, 1],
  ] as [string, ScriptedResponse[], boolean, number][]) {
    it(`sendCommand: tells whether a device ${what} has too many`, async () => {
      assert.equal(isLimit(await refused(responses)), expected);
      assert.equal(service.requests.length, requests);
    });
  }

  it('sendCommand: what fails while commands are listed, and is no error of the service, is thrown', async () => {
    const api = service.api();
    const defect = new TypeError('a defect');
    const sendRequest = api.send.bind(api);
    api.send = (operation, request) =>
      operation === 'list commands' ? Promise.reject(defect) : sendRequest(operation, request);
    service.respondWith([400]);
    assert.equal(await errorOf(sendCommand(api, { deviceId: 'd', definition: { request: { finished: {} } } })), defect);
  });

  it('sendCommand: a connection that is closed while commands are listed is that error', async () => {
    const client = service.client();
    service.respondWith([400], () => void client.close());
    const error = await errorOf(
      sendCommand(service.apiOf(client), { deviceId: 'd', definition: { request: { finished: {} } } }),
    );
    assert.equal(error.code, 'NRFCLOUD_CLOSED');
  });

  describe('a raw request', () => {
    const key = { psk: { identity: 'me', list: [{ secret: 'hush' }], no: null, tag: 7 } };
    for (const [what, said, request, isQuoted] of [
      ['a secret', 'cannot use hush', key, false],
      ['a secret as JSON holds it', 'cannot use a\\"b\\\\c', { psk: { secret: 'a"b\\c' } }, false],
      ['a short value', 'cannot use me', key, true],
      ['other words', 'cannot use it', key, true],
      ['no words', '', key, true],
      ['a value of a known command', 'cannot use hush', { finished: { secret: 'hush' } }, true],
    ] as const) {
      it(`sendCommand: a refusal of it that echoes ${what} is ${isQuoted ? 'quoted' : 'not quoted'}`, async () => {
        const error = await refused([[400, { message: said }], list(0)], request);
        assert.deepEqual([error.code, error.cause.statusCode], ['NRFCLOUD_REJECTED', 400]);
        assertSentence(error.message);
        assert.equal(error.message.includes('cannot use'), isQuoted && said !== '');
      });
    }
  });
});
