import { InvalidValue } from '../util/invalid-value';
import { isObject } from '../util/json';
import type { Api } from './api';
import type { OperationName } from './endpoints';

/** One page of a list. */
export interface Page {
  /** Its items, as received. */
  items: unknown[];
  /** The service's whole response, as received. */
  body: unknown;
  statusCode: number;
  /** No page follows. */
  last: boolean;
}

/** How a list is read. */
export interface PageOptions {
  /** Parameters of every request; a `pageNextToken` in it says where to begin. */
  query?: URLSearchParams;
  /** Requests each page once, without retries. */
  sendOnce?: boolean;
  /** Whether the next page is requested while this one is being used; at most these two are in memory. */
  prefetch?: (page: Page) => boolean;
  /** Takes an empty body for an empty list; `204`: only with this status, as any other one may lack its body by mistake. */
  mayBeEmpty?: boolean | 204;
}

interface ParsedPage extends Page {
  next: string | undefined;
}

/** The query parameter that asks for the next page, and the field that names it (contract; inferred from Nordic's sister API). */
const NEXT = 'pageNextToken';

/**
 * Follows a list page by page to its end. A page is `{ items, pageNextToken? }`, or a bare array, which is the only page.
 * @throws {NrfCloudError} every failure; `NRFCLOUD_BAD_RESPONSE` for a response that is not a list, and for a next page that
 *   was named before, as the list would never end
 */
export async function* readPages(
  api: Api,
  operation: OperationName & `list ${string}`,
  { query, sendOnce = false, prefetch = () => false, mayBeEmpty = false }: PageOptions = {},
  id?: string,
): AsyncGenerator<Page, void> {
  const parameters = new URLSearchParams(query);
  const requested = new Set(parameters.getAll(NEXT));
  const request = async (): Promise<ParsedPage> => {
    const parse = (body: unknown, status: number): Omit<ParsedPage, 'statusCode'> =>
      parsePage(body, requested, mayBeEmpty === true || mayBeEmpty === status);
    const { statusCode, body } = await api.send(operation, {
      query: new URLSearchParams(parameters),
      parse,
      sendOnce,
      ...(id === undefined ? {} : { id }),
    });
    return { ...body, statusCode };
  };
  let page = await request();
  for (;;) {
    const { next, ...rest } = page;
    if (next === undefined) {
      yield rest;
      return;
    }
    requested.add(next);
    parameters.set(NEXT, next);
    if (!prefetch(rest)) {
      yield rest;
      page = await request();
      continue;
    }
    const following = request();
    // Its error is reported when the page is needed, if it ever is.
    following.catch(() => undefined);
    yield rest;
    page = await following;
  }
}

/** @throws {InvalidValue} if a body is not a page, or names a next page that was requested already */
function parsePage(body: unknown, requested: ReadonlySet<string>, mayBeEmpty: boolean): Omit<ParsedPage, 'statusCode'> {
  const items = body === undefined && mayBeEmpty ? [] : parseItems(body);
  const next = nextPageToken(body);
  if (next !== undefined && requested.has(next)) {
    throw new InvalidValue('names a page as the next that was read before');
  }
  return { items, body, last: next === undefined, next };
}

/** The items of `{ items }` or of a bare array. @throws {InvalidValue} if a body is neither */
export function parseItems(body: unknown): unknown[] {
  const items = isObject(body) ? body['items'] : body;
  if (Array.isArray(items)) return items as unknown[];
  throw new InvalidValue('is not a list');
}

/** Which page follows, `undefined` if none does. */
export function nextPageToken(body: unknown): string | undefined {
  const token = isObject(body) ? body[NEXT] : undefined;
  if (typeof token === 'number') return String(token);
  return typeof token === 'string' && token !== '' ? token : undefined;
}
