import assert from 'node:assert/strict';
import {
  createTag,
  deleteTag,
  ensureTag,
  getTag,
  listTags,
  readTagNames,
  tagsOfDevice,
  updateTag,
} from '../../../nodes/api/tags';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';

describe('tags', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  const failure = async (operation: Promise<unknown>): Promise<{ code: string; attempts: number }> => {
    const error = await errorOf(operation);
    return { code: error.code, attempts: error.cause.attempts };
  };

  const [ONE, TWO] = [
    { id: '1', tag: 'one' },
    { id: '2', tag: 'two', description: 'second' },
  ];

  it('listTags: one page is returned as received, several are joined', async () => {
    service.respondWith([200, [ONE]]);
    assert.deepEqual((await listTags(service.api())).body, [ONE]);
    service.respondWith([200, { items: [ONE], total: 1 }]);
    assert.deepEqual((await listTags(service.api())).body, { items: [ONE], total: 1 });
    service.respondWith([200, { items: [ONE], pageNextToken: 'p' }], [200, { items: [TWO], total: 2 }]);
    assert.deepEqual((await listTags(service.api())).body, { items: [ONE, TWO], total: 2 });
    service.respondWith([200, { items: [ONE], pageNextToken: 5 }], [200, [TWO]]);
    assert.deepEqual((await listTags(service.api())).body, [ONE, TWO]);
    assert.match(service.requests.at(-1)!.url, /\?pageNextToken=5$/);
  });

  it('listTags: a page that is named twice is an error', async () => {
    const page: ScriptedResponse = [200, { items: [], pageNextToken: 'p' }];
    service.respondWith(page, page);
    assert.equal((await failure(listTags(service.api()))).code, 'NRFCLOUD_BAD_RESPONSE');
  });

  it('listTags, readTagNames, ensureTag: a response without a body is an empty list', async () => {
    service.respondWith([204], [204], [204], [201, ONE]);
    assert.deepEqual(await listTags(service.api()), { statusCode: 204, body: undefined });
    assert.deepEqual(await readTagNames(service.api()), { names: [], areAllShown: true });
    assert.deepEqual(await ensureTag(service.api(), { tag: 'one' }), { statusCode: 201, body: ONE });
  });

  it('getTag, updateTag, deleteTag: the case of the id does not matter', async () => {
    const tag = { id: '6C044228-4B96-4E65-9796-66B4B8BB0509', tag: 'one', description: 'first' };
    const id = tag.id.toLowerCase();
    const whole = { tag: 'one', description: 'first' };
    service.respondWith([200, tag], [200, tag], [200, tag], [200, tag], [200, { id: tag.id }]);
    assert.deepEqual((await getTag(service.api(), id)).body, tag);
    assert.deepEqual((await updateTag(service.api(), id, whole)).body, tag);
    assert.deepEqual((await updateTag(service.api(), id, { tag: 'one' })).body, tag);
    assert.deepEqual((await deleteTag(service.api(), id)).body, { id: tag.id });
    service.respondWith([404], [200, [tag]], [200, tag]);
    assert.deepEqual((await updateTag(service.api(), id, { description: 'first' })).body, tag);
  });

  it('readTagNames: each name once, and areAllShown is false if the list has other items', async () => {
    service.respondWith([200, { items: [ONE, 'two', TWO, { tag: 5 }, null, 7] }]);
    assert.deepEqual(await readTagNames(service.api()), { names: ['one', 'two'], areAllShown: false });
    service.respondWith([500]);
    assert.equal((await failure(readTagNames(service.api()))).attempts, 1);
  });

  it('createTag: a tag is found in the list after a lost response', async () => {
    service.respondWith('reset', [409, {}], [200, [ONE]]);
    assert.deepEqual(await createTag(service.api(), { tag: 'one' }), { statusCode: 200, body: ONE });
    service.respondWith([408], [409, {}], [200, [ONE]]);
    assert.deepEqual(await createTag(service.api(), { tag: 'one' }), { statusCode: 200, body: ONE });
    service.respondWith('reset', [422, {}]);
    assert.equal((await failure(createTag(service.api(), { tag: 'one' }))).code, 'NRFCLOUD_REJECTED');
    service.respondWith([409, {}]);
    assert.equal((await failure(createTag(service.api(), { tag: 'one' }))).code, 'NRFCLOUD_CONFLICT');
  });

  for (const change of [createTag, ensureTag]) {
    const before: ScriptedResponse[] = change === ensureTag ? [[200, []]] : [];
    it(`${change.name}: a repeated creation that meets the tag has succeeded, whatever the list shows`, async () => {
      for (const lists of [[[403]], [[200, '<html>']], Array(5).fill([200, [TWO]])] as ScriptedResponse[][]) {
        service.respondWith(...before, 'reset', [409], ...lists);
        assert.deepEqual(await change(service.api(), { tag: 'one' }), { statusCode: 409, body: undefined });
      }
    });
  }

  it('ensureTag: a tag that the service reports but does not list is a conflict', async () => {
    service.respondWith([200, []], [409], ...Array<ScriptedResponse>(5).fill([200, [TWO]]));
    assert.equal((await failure(ensureTag(service.api(), { tag: 'one' }))).code, 'NRFCLOUD_CONFLICT');
  });

  it('createTag: a tag may have been created if the flow is stopped while the list is read', async () => {
    for (const unclear of [['reset', [409]], [[200, '<html>']]] as ScriptedResponse[][]) {
      const stop = new Abort();
      service.respondWith(...unclear, () => stop.abort());
      const { code, cause } = await errorOf(createTag(service.api({}, { signal: stop }), { tag: 'one' }));
      assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_CLOSED', true]);
    }
  });

  it('ensureTag: an existing tag is returned, a missing one created, and one that was created meanwhile found', async () => {
    service.respondWith([200, [TWO, ONE]]);
    assert.deepEqual(await ensureTag(service.api(), { tag: 'one' }), { statusCode: 200, body: ONE });
    service.respondWith([200, []], [201, ONE]);
    assert.deepEqual(await ensureTag(service.api(), { tag: 'one' }), { statusCode: 201, body: ONE });
    service.respondWith([200, []], [409, {}], [200, [ONE]]);
    assert.deepEqual(await ensureTag(service.api(), { tag: 'one' }), { statusCode: 200, body: ONE });
    service.respondWith([200, []], [422, {}]);
    assert.equal((await failure(ensureTag(service.api(), { tag: 'one' }))).code, 'NRFCLOUD_REJECTED');
  });

  it('createTag: the id is looked up if the response has none', async () => {
    service.respondWith([204], [200, ['one', ONE]]);
    assert.deepEqual(await createTag(service.api(), { tag: 'one' }), { statusCode: 204, body: undefined });
    service.respondWith([204], [200, [ONE]]);
    assert.deepEqual(await createTag(service.api(), { tag: 'one' }), {
      statusCode: 204,
      body: undefined,
      id: '1',
    });
    service.respondWith([204], [200, []]);
    assert.deepEqual(await createTag(service.api(), { tag: 'one' }), { statusCode: 204, body: undefined });
  });

  for (const list of [[403, { message: 'no' }], [404], [200, '<html>'], [500]] as ScriptedResponse[]) {
    it(`createTag, ensureTag: a created tag is a success although the list then is ${JSON.stringify(list)}`, async () => {
      const created = { statusCode: 201, body: undefined };
      service.respondWith([201], list);
      assert.deepEqual(await createTag(service.api({ retries: 0 }), { tag: 'one' }), created);
      service.respondWith([200, []], [201], list);
      assert.deepEqual(await ensureTag(service.api({ retries: 0 }), { tag: 'one' }), created);
    });
  }

  it('getTag: lists, objects and empty bodies are believed, bare values and other tags are not', async () => {
    service.respondWith([204], [200, [ONE]], [200, ONE]);
    for (const body of [undefined, [ONE], ONE]) assert.deepEqual((await getTag(service.api(), '1')).body, body);
    for (const body of ['"one"', { error: 'blocked by the gateway' }, { id: '2', tag: 'two' }, [{ message: 'x' }]]) {
      service.respondWith([200, body]);
      assert.equal((await failure(getTag(service.api(), '1'))).code, 'NRFCLOUD_BAD_RESPONSE');
    }
  });

  it('updateTag: a missing property is read first and sent along', async () => {
    const sent = (): unknown => JSON.parse(service.requests.at(-1)!.body);
    service.respondWith([200]);
    await updateTag(service.api(), '2', { tag: 'new', description: 'd' });
    assert.deepEqual(sent(), { tag: 'new', description: 'd' });
    service.respondWith([200, TWO], [200]);
    await updateTag(service.api(), '2', { tag: 'new' });
    assert.deepEqual(sent(), { tag: 'new', description: 'second' });
    service.respondWith([200, ONE], [200]);
    await updateTag(service.api(), '1', { tag: 'new' });
    assert.deepEqual(sent(), { tag: 'new' });
    service.respondWith([200, { ...ONE, description: 5 }], [200]);
    await updateTag(service.api(), '1', { tag: 'new' });
    assert.deepEqual(sent(), { tag: 'new' });
  });

  it('updateTag: the tag is read from the list if its own path does not show it', async () => {
    for (const elsewhere of [
      [404, {}],
      [200, {}],
    ] as const) {
      service.respondWith(elsewhere, [200, [{ id: '2' }, ONE, TWO]], [200]);
      await updateTag(service.api(), '2', { tag: 'new' });
      assert.equal(service.requests.at(-1)!.body, '{"tag":"new","description":"second"}');
      service.respondWith(elsewhere, [200, [ONE, { id: '2', tag: 5 }]]);
      const { code } = await failure(updateTag(service.api(), '2', { tag: 'new' }));
      assert.equal(code, elsewhere[0] === 404 ? 'NRFCLOUD_NOT_FOUND' : 'NRFCLOUD_BAD_RESPONSE');
    }
    service.respondWith([403, {}]);
    assert.equal((await failure(updateTag(service.api(), '2', { tag: 'new' }))).code, 'NRFCLOUD_FORBIDDEN');
  });

  for (const body of ['<html>', { error: 'blocked by the gateway' }, { message: 'welcome' }, { tag: 'other' }, []]) {
    it(`a creation with ${JSON.stringify(body)} is confirmed by the list`, async () => {
      service.respondWith([200, body], [200, [TWO, ONE]]);
      assert.deepEqual(await createTag(service.api(), { tag: 'one' }), { statusCode: 200, body: ONE });
      service.respondWith([200, body], [200, [TWO]]);
      const error = await errorOf(createTag(service.api(), { tag: 'one' }));
      assert.deepEqual([error.code, error.cause.mayHaveSucceeded], ['NRFCLOUD_BAD_RESPONSE', true]);
    });

    it(`a change with ${JSON.stringify(body)} is confirmed by one get`, async () => {
      const changed = { id: '1', tag: 'new', description: 'd' };
      service.respondWith([200, body], [200, changed]);
      assert.deepEqual((await updateTag(service.api(), '1', { tag: 'new', description: 'd' })).body, changed);
      for (const look of [[200, ONE], [404], [200, body]] as ScriptedResponse[]) {
        service.respondWith([200, body], look);
        const update = updateTag(service.api(), '1', { tag: 'new', description: 'd' });
        assert.equal((await failure(update)).code, 'NRFCLOUD_BAD_RESPONSE');
      }
    });

    it(`a deletion with ${JSON.stringify(body)} is confirmed by one get`, async () => {
      service.respondWith([200, body], [404]);
      assert.deepEqual(await deleteTag(service.api(), '1'), { statusCode: 404, body: undefined });
      service.respondWith([200, body], [200, ONE]);
      assert.equal((await failure(deleteTag(service.api(), '1'))).code, 'NRFCLOUD_BAD_RESPONSE');
    });
  }

  for (const description of [null, '']) {
    it(`a change is confirmed by a tag whose description is ${JSON.stringify(description)} instead of missing`, async () => {
      const changed = { id: '1', tag: 'new', description };
      service.respondWith([200, ONE], [200, { message: 'done' }], [200, changed]);
      assert.deepEqual((await updateTag(service.api(), '1', { tag: 'new' })).body, changed);
    });
  }

  it('a redirect of a change is not confirmed by a tag that has another description', async () => {
    service.respondWith([200, TWO], [307, ''], [200, TWO]);
    const { code } = await failure(updateTag(service.api(), '2', { description: 'new' }));
    assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
  });

  it('a deletion has succeeded if its repetition finds nothing', async () => {
    service.respondWith([408], [404, {}]);
    assert.equal((await deleteTag(service.api(), '1')).statusCode, 404);
    service.respondWith('reset', [404, {}], [404, {}]);
    assert.deepEqual(await deleteTag(service.api(), '1'), { statusCode: 404, body: undefined });
    assert.equal((await failure(deleteTag(service.api(), '1'))).code, 'NRFCLOUD_NOT_FOUND');
  });

  it('a deletion has not succeeded because a gateway responds with a web page', async () => {
    service.respondWith('reset', [404, '<html>no backend</html>'], [200, '[]'], [404, '<html>no backend</html>']);
    assert.equal((await errorOf(deleteTag(service.api(), '1'))).cause.mayHaveSucceeded, true);
    assert.equal((await failure(deleteTag(service.api(), '1'))).code, 'NRFCLOUD_BAD_RESPONSE');
  });

  it('two changes of one tag at once are both made', async () => {
    let tag: Record<string, unknown> = { id: '1', tag: 'one', description: 'first' };
    const respond: ScriptedResponse = (request, response) => {
      if (request.method === 'PUT') tag = { id: '1', ...(JSON.parse(service.requests.at(-1)!.body) as object) };
      response.end(JSON.stringify(tag));
    };
    service.respondWith(respond, respond, respond, respond);
    const client = service.client();
    await Promise.all([
      updateTag(service.apiOf(client), '1', { tag: 'new' }),
      updateTag(service.apiOf(client), '1', { description: 'second' }),
    ]);
    assert.deepEqual(tag, { id: '1', tag: 'new', description: 'second' });
  });

  it('a tag that is ensured twice at once is created once', async () => {
    service.respondWith([200, []], [201, ONE], [200, [ONE]]);
    const client = service.client();
    const both = [1, 2].map(() => ensureTag(service.apiOf(client), { tag: 'one' }));
    assert.deepEqual(
      (await Promise.all(both)).map(({ body }) => body),
      [ONE, ONE],
    );
  });

  it('the tags of a device are those of the requested device', async () => {
    service.respondWith([200, { id: 'D', tags: ['a'] }], [200, { id: 'd' }], [200, { id: 'x', tags: ['a'] }]);
    const current = (): ReturnType<typeof tagsOfDevice> => tagsOfDevice(service.api({ api: 'current' }), 'd');
    assert.deepEqual((await current()).body, ['a']);
    assert.deepEqual((await current()).body, []);
    assert.equal((await failure(current())).code, 'NRFCLOUD_BAD_RESPONSE');
    service.respondWith([204]);
    assert.deepEqual(await current(), { statusCode: 204, body: undefined });
    const guide = (): ReturnType<typeof tagsOfDevice> => tagsOfDevice(service.api(), 'd');
    for (const about of [{}, { id: 'D' }, { id: null, deviceId: 'd' }]) {
      service.respondWith([200, { ...about, tags: ['a'] }]);
      assert.deepEqual((await guide()).body, { ...about, tags: ['a'] });
    }
    for (const about of [{ id: 'x' }, { deviceId: 'x' }]) {
      service.respondWith([200, { ...about, tags: ['a'] }], [200, { ...about, items: [] }]);
      assert.equal((await failure(guide())).code, 'NRFCLOUD_BAD_RESPONSE');
      assert.equal((await failure(guide())).code, 'NRFCLOUD_BAD_RESPONSE');
    }
  });
});
