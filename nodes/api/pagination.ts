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
  /** Maximum items of all pages; the default is {@link MAX_ITEMS}. */
  maxItems?: number;
  /** Takes an empty body for an empty list; `204`: only with this status, as any other one may lack its body by mistake. */
  mayBeEmpty?: boolean | 204;
}

interface ParsedPage extends Page {
  next: string | undefined;
}

/** Maximum items of a list that is held in memory (our choice); more have hundreds of megabytes. */
export const MAX_ITEMS = 1_000_000;
/** Maximum empty pages in a row (our choice): a service that filters may give some, but one that never ends gives no error. */
const MAX_EMPTY_PAGES = 1000;

/** The query parameter that asks for the next page, and the field that names it (contract; inferred from Nordic's sister API). */
const NEXT = 'pageNextToken';

/**
 * Follows a list page by page to its end. A page is `{ items, pageNextToken? }`, or a bare array, which is the only page.
 * @throws {NrfCloudError} every failure; `NRFCLOUD_BAD_RESPONSE` for a response that is not a list, and for a list that would
 *   never end: it names a next page that was named before, or has more than 1000 empty pages in a row, or too many items
 */
export async function* readPages(
  api: Api,
  operation: OperationName & `list ${string}`,
  { query, sendOnce = false, prefetch = () => false, maxItems = MAX_ITEMS, mayBeEmpty = false }: PageOptions = {},
  id?: string,
): AsyncGenerator<Page, void> {
  const parameters = new URLSearchParams(query);
  const requested = new Set(parameters.getAll(NEXT));
  let count = 0;
  let emptyPages = 0;
  const request = async (): Promise<ParsedPage> => {
    const parse = (body: unknown, status: number): Omit<ParsedPage, 'statusCode'> => {
      const page = parsePage(body, requested, mayBeEmpty === true || mayBeEmpty === status);
      count += page.items.length;
      emptyPages = page.items.length === 0 ? emptyPages + 1 : 0;
      if (count > maxItems) throw new InvalidValue(`makes the list longer than ${maxItems} items`);
      if (page.next !== undefined && emptyPages >= MAX_EMPTY_PAGES) {
        throw new InvalidValue(`names a next page after ${MAX_EMPTY_PAGES} pages without an item`);
      }
      return page;
    };
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

/**
 * Which page follows, `undefined` if none does.
 * @throws {InvalidValue} for a token that cannot be sent back: a list that ends there would look complete
 */
export function nextPageToken(body: unknown): string | undefined {
  const token = isObject(body) ? body[NEXT] : undefined;
  if (token === undefined || token === null || token === '' || token === false) return undefined;
  if (typeof token === 'string' || typeof token === 'number') return String(token);
  throw new InvalidValue('names the next page neither as text nor as a number');
}
