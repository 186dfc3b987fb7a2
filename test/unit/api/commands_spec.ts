import assert from 'node:assert/strict';
import { createCommand, getCommand, isCommandType, listCommands } from '../../../nodes/api/commands';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const DEFINITION = { description: 'key', request: { cloudAccessKeyGeneration: { secTag: 16_842_753 } } };

describe('commands', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  it('createCommand sends the definition and gives the id', async () => {
    service.respondWith([201, { id: 'c1', more: 1 }], [201, { id: 7 }]);
    const created = await createCommand(service.api(), 'D/1', DEFINITION);
    assert.deepEqual(created, { statusCode: 201, body: { id: 'c1', more: 1 } });
    assert.equal(service.lines[0], 'POST /claimed-devices/D%2F1/provisioning');
    assert.deepEqual(JSON.parse(service.requests[0]!.body), DEFINITION);
    assert.equal((await createCommand(service.api(), 'd', { request: {} })).body.id, '7');
    assert.equal(service.requests[1]!.body, '{"request":{}}');
  });

  for (const [response, code, sent] of [
    ['reset', 'NRFCLOUD_UNAVAILABLE', 1],
    [[500], 'NRFCLOUD_UNAVAILABLE', 1],
    [[408], 'NRFCLOUD_REJECTED', 1],
    [[408, '<html>Request timeout</html>'], 'NRFCLOUD_REJECTED', 1],
    [[201, ''], 'NRFCLOUD_BAD_RESPONSE', 1],
    [[201, { message: 'welcome' }], 'NRFCLOUD_BAD_RESPONSE', 1],
    [[201, { id: '' }], 'NRFCLOUD_BAD_RESPONSE', 1],
    [[201, ['c1']], 'NRFCLOUD_BAD_RESPONSE', 1],
  ] as [ScriptedResponse, string, number][]) {
    it(`createCommand may have succeeded and is not repeated: ${JSON.stringify(response)}`, async () => {
      service.respondWith(response);
      const error = await errorOf(createCommand(service.api(), 'd', DEFINITION));
      assert.deepEqual([error.code, error.cause.mayHaveSucceeded], [code, true]);
      assert.match(error.message, /look before you send the message again/);
      assertSentence(error.message);
      assert.equal(service.requests.length, sent);
    });
  }

  it('createCommand is repeated after a refusal that had no effect', async () => {
    service.respondWith([429], [503], [201, { id: 'c1' }]);
    assert.equal((await createCommand(service.api(), 'd', DEFINITION)).body.id, 'c1');
    service.respondWith([422, { message: 'at most 20 commands' }]);
    const { code, cause } = await errorOf(createCommand(service.api(), 'd', DEFINITION));
    assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_REJECTED', undefined]);
  });

  it('getCommand reads a command once, and undefined if it is gone', async () => {
    service.respondWith([200, { status: 'PENDING' }], [404], [500]);
    assert.deepEqual((await getCommand(service.api(), 'd', 'c/1'))?.body, { status: 'PENDING' });
    assert.equal(service.lines[0], 'GET /claimed-devices/d/provisioning/c%2F1');
    assert.equal(await getCommand(service.api(), 'd', 'c1'), undefined);
    assert.equal((await errorOf(getCommand(service.api(), 'd', 'c1'))).cause.attempts, 1);
  });

  it('getCommand: the web page of a gateway does not say that the command is gone', async () => {
    service.respondWith([404, '<html>no backend</html>']);
    assert.equal((await errorOf(getCommand(service.api(), 'd', 'c1'))).code, 'NRFCLOUD_NOT_FOUND');
  });

  for (const body of ['', '<html>', [], { message: 'welcome' }, { id: 'other', status: 'SUCCEEDED' }]) {
    it(`getCommand does not believe ${JSON.stringify(body)}`, async () => {
      service.respondWith([200, body]);
      const { code, message } = await errorOf(getCommand(service.api(), 'd', 'c1'));
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assertSentence(message);
    });
  }

  for (const [id, commandId] of [
    ['c1', 'c1'],
    [7, '7'],
    [undefined, 'c1'],
  ] as const) {
    it(`getCommand believes a command with the id ${JSON.stringify(id)} for ${commandId}`, async () => {
      service.respondWith([200, { id, status: 'SUCCEEDED' }]);
      assert.equal((await getCommand(service.api(), 'd', commandId))?.body.status, 'SUCCEEDED');
    });
  }

  it('listCommands requests again after a failure, unless it is to be requested once', async () => {
    service.respondWith([500], [200, []], [500]);
    assert.deepEqual(await listCommands(service.api(), 'd'), []);
    assert.equal((await errorOf(listCommands(service.api(), 'd', { sendOnce: true }))).cause.attempts, 1);
  });

  it('isCommandType knows the types of commands, and nothing else', () => {
    assert.equal(isCommandType('finished'), true);
    for (const word of ['other', '', undefined, 1]) assert.equal(isCommandType(word), false);
  });

  it('listCommands reads all pages in either form', async () => {
    const [one, two] = [{ id: '1', status: 'SUCCEEDED' }, { id: '2' }];
    service.respondWith([200, { items: [one], pageNextToken: 'p' }], [200, { items: [two, 'x'] }], [200, [one]]);
    assert.deepEqual(await listCommands(service.api(), 'd'), [one, { ...two, status: '' }]);
    assert.equal(service.lines[1], 'GET /claimed-devices/d/provisioning?pageNextToken=p');
    assert.deepEqual(await listCommands(service.api(), 'd'), [one]);
  });

  for (const response of [[404], [405], [204]] as ScriptedResponse[]) {
    it(`listCommands is undefined if there is no list: ${JSON.stringify(response)}`, async () => {
      service.respondWith(response);
      assert.equal(await listCommands(service.api(), 'd'), undefined);
    });
  }

  it('listCommands reports every other failure', async () => {
    service.respondWith([403], [422], [200, { message: 'welcome' }]);
    assert.equal((await errorOf(listCommands(service.api(), 'd'))).code, 'NRFCLOUD_FORBIDDEN');
    assert.equal((await errorOf(listCommands(service.api(), 'd'))).code, 'NRFCLOUD_REJECTED');
    assert.equal((await errorOf(listCommands(service.api(), 'd'))).code, 'NRFCLOUD_BAD_RESPONSE');
  });
});
