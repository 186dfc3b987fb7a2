import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import helper from 'node-red-node-test-helper';
import { listen } from '../../harness/ports';
import { answer } from './answers';
import { SUBJECTS } from './subjects';
import '../../test/support/node-rig';
import { NODE_TYPES } from '../../test/support/node-types';

/** Node-RED's own hooks, which tell of every `done`. */
const { hooks } = createRequire(require.resolve('node-red'))('@node-red/util') as {
  hooks: {
    add: (name: string, call: (event: { msg: object; error?: Error; node: { id: string } }) => void) => void;
    remove: (name: string) => void;
  };
};

/** The key of the fleet's connections; it stands in nothing that leaves. */
export const KEY = 'fuzz-key-0123456789abcdef0123456789';

/** What the service saw. */
export interface Seen {
  method: string;
  url: string;
  body: string;
}

/** How one message ended. */
export interface Ending {
  /** How often the node called `done`. */
  ends: number;
  /** What it called it with last. */
  error?: Error | undefined;
  caught: Record<string, any>[];
  completed: number;
  requests: Seen[];
}

/** All subjects in one flow of a real Node-RED, before a service that answers everything. */
export class Fleet {
  readonly #endings = new Map<string, Ending>();
  #told: () => void = () => undefined;
  #count = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Fleet> {
    let fleet: Fleet | undefined = undefined as Fleet | undefined;
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '' } = request;
        fleet?.saw(url.split('/')[1]!, {
          method,
          url: url.slice(url.indexOf('/', 1)),
          body: Buffer.concat(chunks).toString(),
        });
        const [status, body] = answer(method, url);
        response.writeHead(status, { 'content-type': 'application/json' }).end(body);
      });
    });
    const origin = `http://127.0.0.1:${await listen(server, 0)}`;
    fleet = new Fleet(server);
    await fleet.#deploy(origin);
    return fleet;
  }

  /** Sends each subject one message, and waits until each has ended. */
  async send(messages: Record<string, unknown>[]): Promise<Ending[]> {
    const ids = messages.map((msg, index) => {
      const id = `${index}-${this.#count++}`;
      this.#endings.set(id, { ends: 0, caught: [], completed: 0, requests: [] });
      msg['_msgid'] = id;
      return id;
    });
    const endings = ids.map((id) => this.#endings.get(id)!);
    const over = new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        const hanging = endings.flatMap(({ ends }, index) => (ends === 0 ? [SUBJECTS[index]] : []));
        reject(new Error(`no ending within 10 s: ${JSON.stringify(hanging)}`));
      }, 10_000);
      this.#told = () => {
        if (endings.some(({ ends }) => ends === 0)) return;
        clearTimeout(limit);
        resolve();
      };
    });
    for (const [index, msg] of messages.entries()) helper.getNode(`subject${index}`).receive(msg);
    await over;
    // A second ending, or a request after it, would come at once.
    await new Promise((resolve) => setImmediate(resolve));
    this.#endings.clear();
    return endings;
  }

  async stop(): Promise<void> {
    hooks.remove('*.fuzz');
    await helper.unload();
    await new Promise<void>((resolve) => {
      helper.stopServer(() => resolve());
    });
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Notes a request, by the number of the subject in its path. */
  saw(number: string, seen: Seen): void {
    for (const [id, ending] of this.#endings) if (id.startsWith(`${number}-`)) ending.requests.push(seen);
  }

  async #deploy(origin: string): Promise<void> {
    const watch = { z: 'tab', x: 1, y: 1, uncaught: false, wires: [[]] };
    const flow = [
      { id: 'tab', type: 'tab' },
      ...SUBJECTS.flatMap(({ type, config }, index) => [
        {
          id: `connection${index}`,
          type: 'nrfcloud-connection',
          baseUrl: `${origin}/${index}`,
          deviceApiUrl: `${origin}/${index}`,
          retries: 0,
        },
        { id: `subject${index}`, z: 'tab', x: 1, y: 1, type, connection: `connection${index}`, wires: [], ...config },
      ]),
      { id: 'catch', type: 'catch', scope: null, ...watch },
      { id: 'complete', type: 'complete', scope: SUBJECTS.map((_, index) => `subject${index}`), ...watch },
    ];
    const credentials = Object.fromEntries(SUBJECTS.map((_, index) => [`connection${index}`, { apiKey: KEY }]));
    await new Promise<void>((resolve, reject) => {
      helper.startServer((error?: Error) => (error ? reject(error) : resolve()));
    });
    await helper.load([...NODE_TYPES] as never, flow, credentials);
    this.#listen();
    helper.getNode('catch').on('input', (msg) => void this.#of(msg)?.caught.push(msg));
    helper.getNode('complete').on('input', (msg) => {
      const ending = this.#of(msg);
      if (ending !== undefined) ending.completed++;
    });
  }

  #listen(): void {
    hooks.add('onComplete.fuzz', ({ msg, error, node }) => {
      const ending = node.id.startsWith('subject') ? this.#of(msg) : undefined;
      if (ending === undefined) return;
      ending.ends++;
      ending.error = error;
      // Catch and Complete are told right after this.
      setImmediate(() => this.#told());
    });
  }

  #of(msg: object): Ending | undefined {
    return this.#endings.get(String((msg as { _msgid?: unknown })._msgid));
  }
}
