import assert from 'node:assert/strict';

import { call, useSimulator } from './harness';

const PATHS = { guide: '/claimed-devices/tags', current: '/provisioning/tags' } as const;

describe('simulator: tags', () => {
  const sim = useSimulator();

  for (const version of ['guide', 'current'] as const) {
    const path = PATHS[version];

    describe(`on the paths of ${version}`, () => {
      beforeEach(() => sim().set({ api: version }));
      const create = (body: unknown) => call(sim(), 'POST', path, { body });

      it('creates, lists, gets, updates and deletes', async () => {
        const created = await create({ tag: 'location=Trondheim', description: 'Devices in Trondheim.' });
        assert.equal(created.status, 201);
        const { id } = created.json;
        assert.deepEqual(created.json, { id, tag: 'location=Trondheim', description: 'Devices in Trondheim.' });
        assert.deepEqual((await call(sim(), 'GET', path)).json, { items: [created.json] });
        assert.deepEqual((await call(sim(), 'GET', `${path}/${id}`)).json, created.json);
        const updated = await call(sim(), 'PUT', `${path}/${id}`, { body: { tag: 'location=Oslo' } });
        assert.deepEqual([updated.status, updated.json], [200, { id, tag: 'location=Oslo', description: '' }]);
        const deleted = await call(sim(), 'DELETE', `${path}/${id}`);
        assert.deepEqual([deleted.status, deleted.text], [204, '']);
        for (const method of ['GET', 'DELETE']) assert.equal((await call(sim(), method, `${path}/${id}`)).status, 404);
        assert.equal((await call(sim(), 'PUT', `${path}/${id}`, { body: { tag: 'a' } })).status, 404);
        assert.deepEqual((await call(sim(), 'GET', path)).json, { items: [] });
      });

      it('refuses duplicates with 409, and unusable names and descriptions with 400', async () => {
        await create({ tag: 'a' });
        const { id } = (await create({ tag: 'b' })).json;
        assert.equal((await create({ tag: 'a' })).status, 409);
        assert.equal((await call(sim(), 'PUT', `${path}/${id}`, { body: { tag: 'a' } })).status, 409);
        assert.equal((await call(sim(), 'PUT', `${path}/${id}`, { body: { tag: 'b' } })).status, 200);
        assert.equal((await call(sim(), 'PUT', `${path}/${id}`, { body: { description: 'x' } })).status, 400);
        for (const tag of [undefined, '', 5, 'x'.repeat(101)]) assert.equal((await create({ tag })).status, 400);
        assert.equal((await create({ tag: 'c', description: 5 })).status, 400);
        assert.equal((await create({ tag: '🚀'.repeat(100) })).status, 201);
      });

      it('the list can be a bare array and have unknown fields', async () => {
        sim().set({ tagListShape: 'array', extras: { tag: { colour: 'red' } } });
        const created = await create({ tag: 'a' });
        assert.equal(created.json.colour, 'red');
        assert.deepEqual((await call(sim(), 'GET', path)).json, [created.json]);
      });

      it('is 404 while the other version is on', async () => {
        sim().set({ api: version === 'guide' ? 'current' : 'guide' });
        assert.equal((await create({ tag: 'a' })).status, 404);
        assert.equal((await call(sim(), 'GET', path)).status, 404);
      });
    });
  }

  it('renames and removes a tag on the devices that carry it', async () => {
    const [deviceId = ''] = sim().fill(1, ['a', 'b']);
    const tagsOf = async () => (await call(sim(), 'GET', `/claimed-devices/${deviceId}`)).json.tags;
    const [tag] = sim().tags();
    const path = `${PATHS.guide}/${String(tag?.['id'])}`;
    await call(sim(), 'PUT', path, { body: { tag: 'c' } });
    assert.deepEqual(await tagsOf(), ['c', 'b']);
    await call(sim(), 'DELETE', path);
    assert.deepEqual(await tagsOf(), ['b']);
    await call(sim(), 'POST', PATHS.guide, { body: { tag: 'c' } });
    assert.deepEqual(await tagsOf(), ['b']);
  });

  it('answers the tags of a device under the path of guide only', async () => {
    const [deviceId = ''] = sim().fill(1, ['a', 'b']);
    const reply = await call(sim(), 'GET', `${PATHS.guide}/${deviceId}`);
    assert.deepEqual(
      reply.json.items.map((tag: { tag: string }) => tag.tag),
      ['a', 'b'],
    );
    assert.equal((await call(sim(), 'GET', `${PATHS.current}/${deviceId}`)).status, 404);
  });
});
