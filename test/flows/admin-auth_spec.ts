import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startSimulator, type Simulator } from '../../simulator';
import { startNodeRedProcess, type NodeRedProcess } from '../support/node-red-process';
import { postJson } from '../support/post-json';

const NODES = resolve(__dirname, '../../nodes');
/** A bcrypt hash of it stands in Node-RED's settings. */
const PASSWORD = 'open sesame';
const HASH = '$2b$04$Mb2GE.sDlC0JEFGjgkKSTu66syBHqUfUUlB3l7K6Uu9vOfj5HOdGi';
const USERS = { owner: '*', reader: 'read', stranger: 'flows.read' };
type User = keyof typeof USERS;

/** Every admin endpoint of the package, and who may use it. */
const ENDPOINTS: { method: 'GET' | 'POST'; path: string; may: User[] }[] = [
  { method: 'POST', path: '/nrfcloud-connection/test', may: ['owner'] },
  { method: 'GET', path: '/nrfcloud-connection/tags?id=connection', may: ['owner', 'reader'] },
  { method: 'GET', path: '/nrfcloud-connection/problem?id=connection', may: ['owner', 'reader'] },
  { method: 'GET', path: '/nrfcloud-connection/variable?id=connection&name=PATH', may: ['owner'] },
  { method: 'GET', path: '/nrfcloud-bulk-status/stores', may: ['owner', 'reader'] },
];

describe('the admin endpoints, with adminAuth on', function () {
  this.timeout(40_000);
  let simulator: Simulator;
  let nodeRed: NodeRedProcess;
  const tokens = new Map<User, string>();

  before(async () => {
    simulator = await startSimulator();
    simulator.fill(1, ['red']);
    nodeRed = await startNodeRedProcess({
      flows: [
        { id: 'tab', type: 'tab', label: 'test' },
        { id: 'connection', type: 'nrfcloud-connection', baseUrl: simulator.url },
        { id: 'watch', z: 'tab', type: 'nrfcloud-bulk-status', x: 100, y: 100, connection: 'connection', wires: [] },
      ],
      credentials: { connection: { apiKey: 'sim-key' } },
      settings: {
        adminAuth: {
          type: 'credentials',
          users: Object.entries(USERS).map(([username, permissions]) => ({ username, permissions, password: HASH })),
        },
      },
    });
    for (const username of Object.keys(USERS) as User[]) tokens.set(username, await login(username));
  });
  after(async () => {
    await nodeRed.stop();
    await simulator.close();
  });

  /** Logs in as the editor does. */
  async function login(username: User): Promise<string> {
    const grant = { client_id: 'node-red-editor', grant_type: 'password', scope: '', username, password: PASSWORD };
    const answer = await nodeRed.admin('/auth/token', postJson(grant));
    assert.equal(answer.status, 200, `${username} can't log in`);
    return ((await answer.json()) as { access_token: string }).access_token;
  }
  const ask = (method: string, path: string, token?: string): Promise<Response> => {
    const request: RequestInit =
      method === 'POST' ? postJson({ config: { baseUrl: simulator.url }, apiKey: 'sim-key' }) : {};
    const headers = {
      ...(request.headers as Record<string, string> | undefined),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return nodeRed.admin(path, { ...request, headers });
  };

  it('are all in the table of this test', () => {
    const sources = readdirSync(NODES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const registered = sources.flatMap(
      (file) => readFileSync(join(NODES, file), 'utf8').match(/httpAdmin\.\w+\(/g) ?? [],
    );
    assert.equal(registered.length, ENDPOINTS.length);
  });

  for (const { method, path, may } of ENDPOINTS) {
    it(`${method} ${path} answers ${may.join(' and ')}, nobody else, and asks the service for nobody else`, async () => {
      for (const user of [undefined, ...(Object.keys(USERS) as User[])]) {
        const before = simulator.requestCount;
        const { status } = await ask(method, path, user === undefined ? undefined : tokens.get(user));
        const allowed = user !== undefined && may.includes(user);
        assert.equal(status, allowed ? 200 : 401, user ?? 'somebody who did not log in');
        if (!allowed) assert.equal(simulator.requestCount, before);
      }
    });
  }
});
