import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer, type Server } from 'node:http';
import type { NodeAPI } from 'node-red';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import deviceNode from '../../nodes/nrfcloud-device';
import devicesNode from '../../nodes/nrfcloud-devices';
import tagsNode from '../../nodes/nrfcloud-tags';
import { listen } from '../../harness/ports';
import { startNodeRig, stopNodeRig, type NodeRig } from '../support/node-rig';

/** Ids that would become another request, if they were put into a path as they are. */
const NASTY = [
  '../../accounts',
  '..%2f..%2faccounts',
  'x/../../accounts',
  'x/block',
  'x?admin=true',
  'x#fragment',
  'x HTTP/1.1\r\nHost: evil.example\r\n\r\nDELETE /v1/claimed-devices/y',
  'x\u0000y',
  '//evil.example/x',
  'http://evil.example/x',
  'x;y',
  'x\\..\\y',
  'ä/日本',
  '%',
  '%2e%2e',
];
/** Ids that no path can carry. */
const UNUSABLE = ['', ' ', '.', '..', '\ud800'];

/** Every way in which an id of a message gets into a path: the node, its settings, the path before and after the id. */
const WAYS: [string, (RED: NodeAPI) => void, Record<string, string | number | boolean>, string, string][] = [
  ['nrfcloud-device', deviceNode, { operation: 'get' }, '/claimed-devices/', ''],
  ['nrfcloud-device', deviceNode, { operation: 'block' }, '/claimed-devices/', '/block'],
  ['nrfcloud-device', deviceNode, { operation: 'unblock' }, '/claimed-devices/', '/unblock'],
  ['nrfcloud-device', deviceNode, { operation: 'unclaim', allowUnclaim: true }, '/claimed-devices/', ''],
  ['nrfcloud-tags', tagsNode, { operation: 'get' }, '/claimed-devices/tags/', ''],
  ['nrfcloud-tags', tagsNode, { operation: 'delete' }, '/claimed-devices/tags/', ''],
  ['nrfcloud-tags', tagsNode, { operation: 'device' }, '/claimed-devices/tags/', ''],
  ['nrfcloud-bulk-status', bulkStatusNode, { timeout: 0 }, '/bulk-ops-requests/', ''],
];

describe('an id that comes in a message', () => {
  let server: Server;
  let baseUrl: string;
  let seen: string[];
  beforeEach(async () => {
    seen = [];
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.writeHead(404).end();
    });
    baseUrl = `http://127.0.0.1:${await listen(server, 0)}/v1`;
  });
  afterEach(async () => {
    await stopNodeRig();
    server.closeAllConnections();
    server.close();
  });

  const rig = (type: string, node: (RED: NodeAPI) => void, config: Record<string, unknown>): Promise<NodeRig> =>
    startNodeRig({
      type,
      node,
      config,
      outputs: type === 'nrfcloud-bulk-status' ? 3 : 1,
      connection: { baseUrl, retries: 0 },
    });

  for (const [type, node, config, before, after] of WAYS) {
    const name = `${type} ${config['operation'] ?? ''}`.trim();

    it(`stays one segment of the path (${name})`, async () => {
      const flow = await rig(type, node, config);
      for (const payload of NASTY) flow.send({ payload });
      // Bulk status waits a 404 out, so its messages do not end.
      if (type === 'nrfcloud-bulk-status') while (seen.length < NASTY.length) await delay(5);
      else await flow.ended(NASTY.length);
      const ids = seen.map((line) => {
        const path = line.slice(line.indexOf(' ') + 1);
        assert.ok(path.startsWith(`/v1${before}`) && path.endsWith(after), line);
        const segment = path.slice(`/v1${before}`.length, path.length - after.length);
        assert.match(segment, /^[\w.~!'()*%-]+$/, line);
        return decodeURIComponent(segment);
      });
      assert.deepEqual([...new Set(ids)].sort(), [...NASTY].sort());
    });

    it(`is refused when no path can carry it, and nothing is sent (${name})`, async () => {
      const flow = await rig(type, node, config);
      for (const payload of UNUSABLE) flow.send({ payload });
      await flow.ended(UNUSABLE.length);
      assert.deepEqual(
        flow.caught.map(({ error }) => error.code as string),
        UNUSABLE.map(() => 'NRFCLOUD_INVALID_INPUT'),
      );
      assert.deepEqual(seen, []);
    });
  }

  it('of a query stays a value of the query (nrfcloud-devices)', async () => {
    const flow = await rig('nrfcloud-devices', devicesNode, { query: 'query', queryType: 'msg' });
    const query = { 'a&b=c': 'x&admin=true\r\nX-Evil: 1', path: '../../x#y' };
    flow.send({ query });
    await flow.ended(1);
    const [line] = seen;
    const url = new URL(line!.slice(4), 'http://service');
    assert.equal(url.pathname, '/v1/claimed-devices');
    assert.deepEqual(Object.fromEntries(url.searchParams), query);
  });
});
