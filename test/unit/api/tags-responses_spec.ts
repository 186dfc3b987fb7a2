import assert from 'node:assert/strict';
import { createTag, deleteTag, getTag, listTags, tagsOfDevice, updateTag } from '../../../nodes/api/tags';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const CHANGE = { tag: 'new', description: 'd' };
const CHANGED = { id: '1', ...CHANGE };

describe('tags: which responses are believed', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());
  const methods = (): string => service.requests.map(({ method }) => method).join(' ');

  it('listTags is requested again after a failure, and an empty body is a list only with HTTP 204', async () => {
    service.respondWith([500], [200, []], [200]);
    assert.deepEqual((await listTags(service.api())).body, []);
    assert.equal((await errorOf(listTags(service.api()))).code, 'NRFCLOUD_BAD_RESPONSE');
  });

  for (const body of [
    [{ id: '2', tag: 'two' }],
    { items: [{ id: '2', tag: 'two' }, 'one'] },
    { tags: ['one'] },
    { deviceId: null, tags: ['one'] },
    { tag: 'one' },
    { id: 1, tag: 'one' },
  ]) {
    it(`getTag believes ${JSON.stringify(body)}`, async () => {
      service.respondWith([200, body]);
      assert.deepEqual((await getTag(service.api(), '1')).body, body);
    });
  }

  for (const body of [
    [{ id: '2', tag: 'two' }, { message: 'x' }],
    { items: 'one' },
    { id: 2, tag: 'two' },
    { deviceId: 'x', tag: 'one' },
    { id: '1' },
    null,
  ]) {
    it(`getTag does not believe ${JSON.stringify(body)}`, async () => {
      service.respondWith([200, body === null ? 'null' : body]);
      const { code, message } = await errorOf(getTag(service.api(), '1'));
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assertSentence(message);
    });
  }

  for (const body of [CHANGED, { id: 1 }, { id: '1', tag: 'other' }, { tag: 'new' }]) {
    it(`updateTag believes ${JSON.stringify(body)}`, async () => {
      service.respondWith([200, body]);
      assert.deepEqual((await updateTag(service.api(), '1', CHANGE)).body, body);
      assert.equal(methods(), 'PUT');
    });
  }

  for (const body of [{ id: '2', tag: 'new' }, { tag: 'other' }, ['new']]) {
    it(`updateTag confirms ${JSON.stringify(body)}`, async () => {
      service.respondWith([200, body], [200, CHANGED]);
      assert.deepEqual((await updateTag(service.api(), '1', CHANGE)).body, CHANGED);
      assert.equal(methods(), 'PUT GET');
    });
  }

  for (const look of [[204], [200, { ...CHANGED, description: 'old' }], [200, { ...CHANGED, tag: 'old' }], [403]]) {
    it(`updateTag is not confirmed by ${JSON.stringify(look)}`, async () => {
      service.respondWith([200, '<html>'], look as unknown as ScriptedResponse);
      const { code, cause } = await errorOf(updateTag(service.api(), '1', CHANGE));
      assert.deepEqual([code, cause.operation, cause.mayHaveSucceeded], ['NRFCLOUD_BAD_RESPONSE', 'update tag', true]);
    });
  }

  it('updateTag is confirmed by a tag that shows no id', async () => {
    service.respondWith([200, '<html>'], [200, CHANGE]);
    assert.deepEqual((await updateTag(service.api(), '1', CHANGE)).body, CHANGE);
  });

  it('updateTag, deleteTag: a refusal is not looked into', async () => {
    service.respondWith([403], [404]);
    assert.equal((await errorOf(updateTag(service.api(), '1', CHANGE))).code, 'NRFCLOUD_FORBIDDEN');
    assert.equal((await errorOf(deleteTag(service.api(), '1'))).code, 'NRFCLOUD_NOT_FOUND');
    assert.equal(methods(), 'PUT DELETE');
  });

  it('updateTag reads the description from a tag that shows no id, but not from another tag', async () => {
    service.respondWith([200, { tag: 'one', description: 'd' }], [200]);
    await updateTag(service.api(), '1', { tag: 'new' });
    assert.equal(methods(), 'GET PUT');
    const all = [{ id: '2', tag: 'two', description: 'x' }, CHANGED];
    service.respondWith([200, { id: '2', tag: 'two', description: 'x' }], [200, all], [200]);
    await updateTag(service.api(), '1', { tag: 'newer' });
    assert.equal(service.requests.at(-1)!.body, '{"tag":"newer","description":"d"}');
  });

  it('deleteTag is confirmed only by a tag that is not found', async () => {
    service.respondWith([200, { id: '2' }], [403]);
    const { code, cause, message } = await errorOf(deleteTag(service.api(), '1'));
    assert.deepEqual([code, cause.operation, cause.mayHaveSucceeded], ['NRFCLOUD_BAD_RESPONSE', 'delete tag', true]);
    assertSentence(message);
  });

  it('createTag may have succeeded if the flow is stopped while the id is looked up', async () => {
    const stop = new Abort();
    service.respondWith([201], () => stop.abort());
    const { code, cause } = await errorOf(createTag(service.api({}, { signal: stop }), { tag: 'one' }));
    assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_CLOSED', true]);
  });

  it('tagsOfDevice names what is wrong with a response that is about another device', async () => {
    service.respondWith([200, { id: 'x', tags: ['a'] }]);
    assertSentence((await errorOf(tagsOfDevice(service.api(), 'd'))).message);
  });
});
