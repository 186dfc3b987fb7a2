import type { Api } from './api';
import { isObject } from '../util/json';

/** One page of a list. */
export interface Page {
  /** What stands on it, as received. */
  items: unknown[];
  /** The service's whole answer, as received. */
  body: unknown;
  statusCode: number;
  /** No page follows. */
  last: boolean;
}

/** The query parameter that asks for the next page, and the field that names it (the contract; inferred from Nordic's sister API). */
const NEXT = 'pageNextToken';

/**
 * Follows a list page by page to its end. A page is `{ items, pageNextToken? }`, or a bare array, which is the only page.
 * @param query parameters of every request; a `pageNextToken` in it says where to begin
 * @param retries attempts after the first, instead of the connection's
 * @throws {NrfCloudError} every failure; `NRFCLOUD_BAD_RESPONSE` for an answer that is no list, and for a next page that
 *   was named before, as the list would never end
 */
export async function* readPages(
  api: Api,
  operation: 'list devices' | 'list tags',
  { query, retries }: { query?: URLSearchParams; retries?: number } = {},
): AsyncGenerator<Page, void> {
  const parameters = new URLSearchParams(query);
  const asked = new Set(parameters.getAll(NEXT));
  const call = {
    query: parameters,
    checkBody: (body: unknown) => checkPage(body, asked),
    ...(retries === undefined ? {} : { retries }),
  };
  for (;;) {
    const { body, statusCode } = await api.send(operation, call);
    const next = nextPageToken(body);
    yield { items: itemsOf(body) ?? [], body, statusCode, last: next === undefined };
    if (next === undefined) return;
    asked.add(next);
    parameters.set(NEXT, next);
  }
}

function checkPage(body: unknown, asked: ReadonlySet<string>): string | undefined {
  if (itemsOf(body) === undefined) return 'its body is not a list';
  const next = nextPageToken(body);
  return next !== undefined && asked.has(next) ? 'names a page as the next that was read before' : undefined;
}

function itemsOf(body: unknown): unknown[] | undefined {
  const items = isObject(body) ? body['items'] : body;
  return Array.isArray(items) ? items : undefined;
}

/** Which page follows, `undefined` if none does. */
function nextPageToken(body: unknown): string | undefined {
  const token = isObject(body) ? body[NEXT] : undefined;
  if (typeof token === 'number') return String(token);
  return typeof token === 'string' && token !== '' ? token : undefined;
}
