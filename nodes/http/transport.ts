import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AbortSignalLike } from '../util/abort';
import type { BaseUrl } from './base-url';
import { ACCEPT_ENCODING } from './decode';
import { Connections, type DispatcherOptions } from './dispatcher';
import { exchange, type BodyLimits, type HttpResponse } from './exchange';

/** Maximum bytes of an error body that are kept (contract: 64 KiB). */
export const MAX_ERROR_BODY_BYTES = 65_536;
/** Maximum bytes of a body: of a list (a page of 100,000 devices has 40 MB), and of what is about one thing. */
const MAX_LIST_BYTES = 64 * 2 ** 20;
const MAX_ITEM_BYTES = 2 ** 20;
const ITEM_LIMITS: BodyLimits = { success: MAX_ITEM_BYTES, error: MAX_ERROR_BODY_BYTES };
const LIST_LIMITS: BodyLimits = { success: MAX_LIST_BYTES, error: MAX_ERROR_BODY_BYTES };
/** Of an upload: the refusal may hold the result of all its rows. */
const UPLOAD_LIMITS: BodyLimits = { success: MAX_LIST_BYTES, error: MAX_LIST_BYTES };

const { name, version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
  name: string;
  version: string;
};
/** The `User-Agent` of every request. */
export const USER_AGENT = `${name}/${version}`;

/** Where a request goes. */
export interface RequestTarget {
  method: string;
  /** Path below the base URL. */
  path: string;
  /** The response is a list, which may be large. Sixteen endless bodies at once would take a gigabyte if all were. */
  isList: boolean;
}

/** What a request carries. */
export interface RequestContent {
  query?: URLSearchParams;
  json?: unknown;
  csv?: string | Buffer;
}

/** The connections to one base URL: sends single requests with the API key. */
export class Transport {
  readonly #connections: Connections;
  /** Headers of a request by what it sends. */
  readonly #headers: Record<'nothing' | 'json' | 'csv', Record<string, string>>;
  /** The end of this turn of the event loop, for all responses that came in it. */
  #turn: Promise<void> | undefined;

  /**
   * @param timeoutMs for one exchange, its body included
   * @throws {RangeError} with a sentence, when a proxy of the environment cannot be used
   */
  constructor(
    private readonly base: BaseUrl,
    apiKey: string,
    private readonly timeoutMs: number,
    connections: DispatcherOptions,
  ) {
    this.#connections = new Connections(connections, base.origin);
    const headers = {
      authorization: `Bearer ${apiKey}`,
      'user-agent': USER_AGENT,
      accept: 'application/json',
      'accept-encoding': ACCEPT_ENCODING,
    };
    this.#headers = {
      nothing: headers,
      json: { ...headers, 'content-type': 'application/json' },
      csv: { ...headers, 'content-type': 'text/csv' },
    };
  }

  /**
   * Sends a request once.
   * @returns whatever the service responds
   * @throws {ExchangeError} when no whole response came
   * @throws the signal's reason when it is aborted meanwhile
   */
  send(target: RequestTarget, content: RequestContent, signal: AbortSignalLike): Promise<HttpResponse> {
    const { query, json, csv } = content;
    const search = query === undefined || query.size === 0 ? '' : `?${query.toString()}`;
    const request = {
      method: target.method,
      path: `${this.base.prefix}${target.path}${search}`,
      headers: this.#headers[json !== undefined ? 'json' : csv !== undefined ? 'csv' : 'nothing'],
      body: json === undefined ? csv : JSON.stringify(json),
    };
    return exchange(this.#connections.dispatcher, this.base.origin, request, this.timeoutMs, limitsOf(target), signal);
  }

  /** Responses come many at a time: all requests that waited for them leave before the first of them is read. */
  endOfTurn(): Promise<void> {
    return (this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        resolve();
      });
    }));
  }

  /** Closes all sockets. */
  async close(): Promise<void> {
    await this.#connections.close();
  }
}

function limitsOf({ isList, method }: RequestTarget): BodyLimits {
  if (!isList) return ITEM_LIMITS;
  return method === 'GET' ? LIST_LIMITS : UPLOAD_LIMITS;
}
