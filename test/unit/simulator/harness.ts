import { afterEach, beforeEach } from 'mocha';

import { startSimulator, type Simulator, type SimulatorOptions } from '../../../simulator/index';

/** An answer, read to its end. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  json: any;
}

/** What {@link call} sends besides method and path. */
export interface Sending {
  /** An object goes out as JSON, a text as it is. */
  body?: unknown;
  /** Content type of a text; `null` sends none. */
  type?: string | null;
  key?: string | null;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** One real HTTP request to a simulator's service. */
export async function call(sim: Simulator, method: string, path: string, sending: Sending = {}): Promise<Reply> {
  const { body, type = 'text/csv', key = 'sim-key', headers = {}, signal } = sending;
  const isText = typeof body === 'string';
  const contentType = body === undefined ? null : isText ? type : 'application/json';
  const response = await fetch(path.startsWith('http') ? path : sim.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(contentType !== null && { 'content-type': contentType }),
      ...headers,
    },
    // A Blob without a type is the one body for which fetch sends no Content-Type.
    ...(body !== undefined && { body: isText ? new Blob([body]) : JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson(response) ? JSON.parse(text) : undefined,
  };
}

function isJson(response: Response): boolean {
  return (response.headers.get('content-type') ?? '').startsWith('application/json');
}

/** Starts a simulator for every test of a suite, and closes it. */
export function useSimulator(options: SimulatorOptions = {}): () => Simulator {
  let sim: Simulator | undefined;
  beforeEach(async () => {
    sim = await startSimulator(options);
  });
  afterEach(() => sim?.close());
  return () => {
    if (!sim) throw new Error('The simulator is not running yet.');
    return sim;
  };
}
