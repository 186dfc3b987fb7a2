import { randomUUID } from 'node:crypto';
import { endpointOf, endpointPath, type ApiVersion, type OperationName } from '../api/endpoints';
import { isObject } from '../util/json';
import { shapeOf, type Shape } from './shape';

/** A response as far as the report needs it. */
interface Response {
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** One GET below a base URL of the service; it fails when no response comes. */
export type Get = (base: 'provisioning' | 'device', path: string, query: URLSearchParams) => Promise<Response>;

/** What the report says about one call. */
export interface ReportedCall {
  /** Method, API and path, with `{id}` in place of ids. */
  request: string;
  /** What the call is to find out. */
  about: string;
  status?: number;
  /** Those headers whose values say something about the service. */
  headers?: Record<string, string>;
  body?: Shape;
  /** Why there was no response. */
  problem?: string;
}

/** A GET of the report. */
interface Call {
  operation: OperationName | 'list bulk operations';
  about: string;
  version?: ApiVersion;
  id?: string | undefined;
  commandId?: string | undefined;
  query?: Record<string, string>;
}

/** Headers whose values are the service's and not the user's. */
const TELLING_HEADERS = /^(content-type|retry-after|allow|deprecation|sunset|.*rate-?limit.*)$/;
/** A well-formed id of a bulk operation that no account has. */
const ABSENT_OPERATION = '00000000000000000000000000';

/**
 * Makes every read-only call that the package knows, once each, one after another, and describes the answers.
 * The ids come from the account's own lists; calls for which a list has none are left out.
 */
export async function reportCalls(get: Get): Promise<ReportedCall[]> {
  const calls: ReportedCall[] = [];
  const read = async (call: Call): Promise<unknown> => {
    const [report, body] = await perform(get, call);
    calls.push(report);
    return body;
  };
  const absent = randomUUID();

  const devices = await read({ operation: 'list devices', about: 'claimed devices, and how many a page has' });
  await read({ operation: 'list devices', about: 'whether pageLimit is honoured', query: { pageLimit: '1' } });
  const next = isObject(devices) ? devices['pageNextToken'] : undefined;
  if (typeof next === 'string') {
    await read({ operation: 'list devices', about: 'the second page', query: { pageNextToken: next } });
  }
  const id = firstOf(devices, 'id');
  for (const version of ['guide', 'current'] as const) {
    const tags = await read({ operation: 'list tags', version, about: 'which API version has the tags here' });
    const tagId = firstOf(tags, 'id');
    if (tagId !== undefined) await read({ operation: 'get tag', version, id: tagId, about: 'one tag' });
    if (id !== undefined) await read({ operation: 'tags of device', version, id, about: 'tags of a device' });
  }
  await read({ operation: 'get device', id: absent, about: 'the error for a device that is not claimed' });
  await read({ operation: 'list rules', about: 'fields and state of rules' });
  await read({ operation: 'list bulk operations', about: 'whether bulk operations can be listed' });
  await read({ operation: 'bulk status', id: ABSENT_OPERATION, about: 'the error for an unknown bulk operation' });
  if (id !== undefined) {
    await read({ operation: 'get device', id, about: 'one claimed device' });
    const commands = await read({ operation: 'list commands', id, about: 'whether commands can be listed' });
    const commandId = firstOf(commands, 'id');
    if (commandId !== undefined) await read({ operation: 'get command', id, commandId, about: 'one command' });
    await read({ operation: 'get command', id, commandId: absent, about: 'the error for an unknown command' });
  }

  await read({ operation: 'get account', about: 'team and role of the key' });
  const onboarded = await read({
    operation: 'list onboarded devices',
    about: 'whether pageLimit is honoured',
    query: { pageLimit: '1' },
  });
  const onboardedId = firstOf(onboarded, 'id');
  if (onboardedId !== undefined) {
    await read({ operation: 'get onboarded device', id: onboardedId, about: 'one onboarded device' });
    const query = { deviceIds: `${onboardedId},${absent}`, includeState: 'true' };
    await read({
      operation: 'list onboarded devices',
      about: 'whether deviceIds and includeState are honoured',
      query,
    });
  }
  await read({ operation: 'get onboarded device', id: absent, about: 'the error for a device that is not onboarded' });
  return calls;
}

async function perform(get: Get, call: Call): Promise<[ReportedCall, unknown]> {
  const { operation, version = 'guide', id, commandId, query = {}, about } = call;
  const isKnown = operation !== 'list bulk operations';
  // No public source says whether there is such a list; the path is that of one operation without its id.
  const base = isKnown ? (endpointOf(operation).base ?? 'provisioning') : 'provisioning';
  const path = isKnown ? endpointPath(operation, version, id, commandId) : '/bulk-ops-requests';
  const template = isKnown ? endpointOf(operation)[version] : path;
  const names = Object.keys(query).map((name) => `${name}=…`);
  const request = `GET ${base} ${template}${names.length === 0 ? '' : `?${names.join('&')}`}`;
  let response: Response;
  try {
    response = await get(base, path, new URLSearchParams(query));
  } catch (error) {
    return [{ request, about, problem: error instanceof Error ? error.message : String(error) }, undefined];
  }
  const { statusCode, headers, text } = response;
  const body = jsonOf(text);
  const telling = Object.entries(headers).filter(([name]) => TELLING_HEADERS.test(name));
  return [
    {
      request,
      about,
      status: statusCode,
      headers: Object.fromEntries(telling.map(([name, value]) => [name, String(value)])),
      body: text === '' ? 'empty' : body === undefined ? `not JSON, ${text.length} characters` : shapeOf(body),
    },
    statusCode === 200 ? body : undefined,
  ];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function itemsOf(body: unknown): unknown[] {
  const items = isObject(body) ? body['items'] : body;
  return Array.isArray(items) ? items : [];
}

/** The text in a field of a list's first item. */
function firstOf(body: unknown, field: string): string | undefined {
  const [first] = itemsOf(body);
  const value = isObject(first) ? first[field] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
