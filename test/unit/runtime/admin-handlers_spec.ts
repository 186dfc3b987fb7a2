import assert from 'node:assert/strict';
import type { Request, Response } from 'express';
import { loadUndici } from '../../../nodes/http/dispatcher';
import { AdminHandlers } from '../../../nodes/runtime/admin-handlers';
import { ConnectionRig } from '../../support/connection-rig';
import { ScriptedServer } from '../../support/scripted-server';

describe('AdminHandlers', () => {
  let rig: ConnectionRig;
  let handlers: AdminHandlers;
  // The first request would need the time for that.
  before(() => void loadUndici());
  beforeEach(() => {
    rig = new ConnectionRig();
    handlers = new AdminHandlers(rig.RED);
  });
  afterEach(() => rig.stop());

  /** What a handler responds. */
  const responseOf = async (
    handle: (request: Request, response: Response) => unknown,
    request: Partial<Request>,
  ): Promise<{ status: number; body: unknown }> => {
    const sent = { status: 200, body: undefined as unknown };
    const response = {
      status: (status: number) => Object.assign(response, void (sent.status = status)),
      json: (body: unknown) => void (sent.body = body),
    };
    await handle({ headers: {}, query: {}, ...request } as unknown as Request, response as unknown as Response);
    return sent;
  };
  const bodyOf = async (
    handler: 'sendProblem' | 'sendVariable' | 'sendTags',
    query: Request['query'],
  ): Promise<unknown> =>
    (await responseOf((request, response) => handlers[handler](request, response), { query })).body;

  it('admin handlers: the problem of a connection is its property, and a variable that is not set', async () => {
    const query = { id: 'connection' };
    assert.deepEqual(await bodyOf('sendProblem', query), {});
    rig.open();
    assert.deepEqual(await bodyOf('sendProblem', query), {});
    rig.open({ timeout: 0 });
    assert.deepEqual(await bodyOf('sendProblem', query), { problem: { property: 'timeout' } });
    rig.open({ baseUrl: '${NOT_SET}' });
    const problem = { property: 'baseUrl', variable: 'NOT_SET' };
    assert.deepEqual(await bodyOf('sendProblem', query), { problem });
  });

  it('admin handlers: whether a variable is set depends on the connection, and its value stays here', async () => {
    rig.open({}, { variables: { OF_FLOW: 'secret' } });
    assert.deepEqual(await bodyOf('sendVariable', { id: 'connection', name: 'OF_FLOW' }), { set: true });
    assert.deepEqual(await bodyOf('sendVariable', { name: 'OF_FLOW' }), { set: false });
    assert.deepEqual(await bodyOf('sendVariable', { name: 'PATH' }), { set: true });
    for (const name of [undefined, ['PATH'], ''])
      assert.deepEqual(await bodyOf('sendVariable', { name }), { set: false });
  });

  for (const [type, status] of [
    [undefined, 415],
    ['text/plain', 415],
    ['text/application/json', 415],
    ['application/jsonlines', 415],
    ['application/json', 200],
    ['Application/JSON ; charset=utf-8', 200],
    ['application/json;charset=utf-8', 200],
  ] as const) {
    it(`admin handlers: a test of a connection as ${type ?? 'no type'} gets HTTP ${status}`, async () => {
      const headers = type === undefined ? {} : { 'content-type': type };
      const sent = await responseOf((...exchange) => handlers.test(...exchange), { headers, body: undefined });
      assert.equal(sent.status, status);
      const [only, value] = Object.entries(sent.body as object).at(-1)!;
      assert.equal(only, status === 200 ? 'problem' : 'message');
      assert.notEqual(value, '');
    });
  }

  it('admin handlers: the tags are those of the account, and none if they cannot be read', async () => {
    const service = await ScriptedServer.start();
    rig.open({ baseUrl: service.origin, retries: 0 });
    service.respondWith([200, [{ tag: 'a' }, { tag: 'b' }]]);
    const { tags } = (await bodyOf('sendTags', { id: 'connection' })) as { tags: unknown };
    assert.deepEqual(tags, ['a', 'b']);
    assert.deepEqual(await bodyOf('sendTags', { id: 'missing' }), { tags: [] });
    await service.stop();
  });

  it('admin handlers: the stores are those of the settings, with the journal, and whether they last', async () => {
    const stores = async (): Promise<unknown> =>
      (await responseOf((_request, response) => handlers.sendStores(response), {})).body;
    assert.deepEqual(await stores(), { stores: { '': true, default: false } });
    rig.settings['contextStorage'] = { default: 'memory', file: { module: 'localfilesystem' } };
    assert.deepEqual(await stores(), { stores: { '': true, default: false, file: true } });
  });
});
