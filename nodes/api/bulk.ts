import type { Download } from '../http/downloads';
import { readServiceTime, type ServiceTime } from '../http/retry';
import { InvalidValue } from '../util/invalid-value';
import { isObject } from '../util/json';
import type { Api } from './api';
import { objectBody } from './parse-response';
import type { ApiResponse } from './request';

/** A bulk operation: the service's JSON as received (fields: guide; more and other values may come). */
export type BulkOperation = Record<string, unknown>;

/** The response to an upload: an id to ask about later (`guide`), or the result at once (`current`). */
export interface UploadResponse extends ApiResponse<Record<string, unknown>> {
  /** The response of an earlier attempt was lost, so the service may have taken the rows more than once. */
  repeated: boolean;
  /** What the service's clock shows now, if the response says so. */
  serviceTime?: ServiceTime;
}

/** Refusals that may carry the result of an upload (our choice; Nordic's own tool reads it from any status). */
const RESULT_STATUSES = new Set([400, 409, 422]);

/**
 * Uploads the CSV of a bulk claim. A lost response is repeated, as nothing in the guide lets one find out what became of it.
 * @param csv rows of `token` or `token,"tag,tag"`, UTF-8, LF, no header
 * @throws {NrfCloudError} every failure; `cause.mayHaveSucceeded` if the rows may have been taken all the same
 */
export async function uploadClaims(api: Api, csv: Buffer): Promise<UploadResponse> {
  let repeated = false;
  let serviceTime: ServiceTime | undefined;
  const response = await api.send('bulk claim', {
    csv,
    parse: parseUpload,
    acceptStatus: (statusCode, body) => RESULT_STATUSES.has(statusCode) && accountsForRows(body),
    onRepeatAfterLoss: () => (repeated = true),
    onHeaders: (headers, exchangeMs) => (serviceTime = readServiceTime(headers, exchangeMs)),
  });
  return serviceTime === undefined ? { ...response, repeated } : { ...response, repeated, serviceTime };
}

/** @throws {InvalidValue} if a body has neither an operation nor a result */
function parseUpload(body: unknown): Record<string, unknown> {
  if (isBulkResult(body) || (isObject(body) && operationIdOf(body) !== undefined)) return body;
  throw new InvalidValue('has neither an operation nor a result');
}

/** A refusal without any row in it says nothing about the rows. */
function accountsForRows(body: unknown): boolean {
  if (!isBulkResult(body)) return false;
  return [body['claimedIds'], body['failed']].some((list) => Array.isArray(list) && list.length > 0);
}

/**
 * Asks once about a bulk operation; the caller decides when to ask again.
 * @throws {NrfCloudError} every failure, also those that `send` usually repeats
 */
export function bulkStatus(api: Api, id: string): Promise<ApiResponse<BulkOperation>> {
  return api.send('bulk status', { id, sendOnce: true, parse: (body) => parseOperation(body, id) });
}

/** @throws {InvalidValue} if a body is not a bulk operation, or is another one */
function parseOperation(body: unknown, id: string): BulkOperation {
  const operation = objectBody(body, 'a bulk operation');
  const actual = operationIdOf(operation);
  if (actual === undefined || actual.toLowerCase() === id.toLowerCase()) return operation;
  throw new InvalidValue('is not about the requested bulk operation');
}

/** The id of the bulk operation that a response or a message is about. */
export function operationIdOf(body: unknown): string | undefined {
  const id = isObject(body) ? body['bulkOpsRequestId'] : undefined;
  return typeof id === 'string' && id.trim() !== '' ? id.trim() : undefined;
}

/** Whether a response already holds the result of a bulk claim (fields: Nordic's own tool). */
export function isBulkResult(body: unknown): body is Record<string, unknown> {
  return isObject(body) && (Array.isArray(body['claimedIds']) || Array.isArray(body['failed']));
}

/**
 * Fetches the error summary of a bulk operation. It may be missing, expired or unreadable (what the service does
 * then is not known); the operation's result is valid without it.
 * @throws {NrfCloudError} `NRFCLOUD_CLOSED`
 */
export async function errorSummary(api: Api, { errorSummaryUrl }: BulkOperation): Promise<Download> {
  if (typeof errorSummaryUrl !== 'string' || errorSummaryUrl === '') {
    return { problem: 'the service names no error summary' };
  }
  return api.download('bulk status', errorSummaryUrl);
}
