import assert from 'node:assert/strict';
import { check } from '../../../nodes/operations/check';
import { ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';

const INPUTS = { tags: ['a'], token: undefined };

describe('check', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start()));
  afterEach(() => service.stop());

  /** What the checks say, by name. */
  const run = async (...responses: ScriptedResponse[]): Promise<{ ready: boolean; ok: Record<string, unknown> }> => {
    service.respondWith(...responses);
    const { ready, checks } = await check(service.api(), INPUTS, () => undefined);
    return { ready, ok: Object.fromEntries(checks.map(({ name, ok }) => [name, ok])) };
  };
  const RULES: ScriptedResponse = [200, [{ tags: ['a'], active: true }]];
  /** Responses by path, as the requests after the first one come in any order. */
  const byPath =
    (tags: ScriptedResponse): ScriptedResponse =>
    (request, response) => {
      const [status, body] = (request.url!.endsWith('/tags') ? tags : RULES) as [number, unknown];
      response.writeHead(status);
      response.end(JSON.stringify(body));
    };

  for (const portal of [
    [200, '<html>Log in to the WLAN</html>'],
    [302, '', { location: 'http://127.0.0.1:9/' }],
    [307, '<html>Moved</html>'],
  ] as ScriptedResponse[]) {
    it(`check: a portal that responds with ${JSON.stringify(portal)} is no connection`, async () => {
      const { ready, ok } = await run(portal);
      assert.equal(ready, false);
      assert.deepEqual([ok['connection'], ok['key'], ok['tag:a']], [false, null, null]);
      assert.equal(service.requests.length, 1);
    });
  }

  it('check: a list of devices in a form that is not known is null', async () => {
    const tags = byPath([200, ['a']]);
    const { ready, ok } = await run([200, { devices: [] }], tags, tags);
    assert.deepEqual([ready, ok['connection'], ok['key'], ok['tag:a']], [true, true, null, true]);
  });

  it('check: a tag is null if the list shows items without a name, and true if it shows the tag', async () => {
    const nameless = byPath([200, { items: [{ id: '1', name: 'a' }] }]);
    assert.equal((await run([200, []], nameless, nameless)).ok['tag:a'], null);
    const both = byPath([200, { items: [{ id: '1', name: 'b' }, { tag: 'a' }] }]);
    assert.equal((await run([200, []], both, both)).ok['tag:a'], true);
    const others = byPath([200, { items: [{ tag: 'b' }] }]);
    assert.equal((await run([200, []], others, others)).ok['tag:a'], false);
  });
});
