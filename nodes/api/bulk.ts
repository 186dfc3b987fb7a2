import type { ApiResponse } from './parse-response';
import type { Download } from '../http/downloads';
import type { Api } from './api';
import { isObject } from '../util/json';

/** A bulk operation: the service's JSON as received (fields: guide; more and other values may come). */
export type BulkOperation = Record<string, unknown>;

/** The service's answer to an upload: an id to ask about later (`guide`), or the result at once (`current`). */
export interface UploadResponse extends ApiResponse {
  body: Record<string, unknown>;
  /** An earlier attempt may have been accepted, too: its response was lost. */
  repeated: boolean;
}

/**
 * Uploads the CSV of a bulk claim. The response decides what it is, not its status: Nordic's own tool reads the lists of an
 * answer with any status. A lost response is repeated, as nothing in the guide lets one find out what became of it.
 * @param csv rows of `token` or `token,"tag,tag"`, UTF-8, LF, no header
 * @throws {NrfCloudError} every failure
 */
export async function uploadClaims(api: Api, csv: Buffer): Promise<UploadResponse> {
  const response = await api.send('bulk claim', {
    csv,
    acceptStatus: ({ body }) => isBulkResult(body),
    checkBody: (body) =>
      isBulkResult(body) || operationIdOf(body) !== undefined
        ? undefined
        : 'its body has neither an operation nor a result',
  });
  return { ...response, repeated: false } as UploadResponse;
}

/**
 * Asks once how a bulk operation is doing; who asks decides when to ask again.
 * @throws {NrfCloudError} every failure, also those that `send` usually repeats
 */
export async function bulkStatus(api: Api, id: string): Promise<{ statusCode: number; body: BulkOperation }> {
  const checkBody = (body: unknown): string | undefined =>
    isObject(body) ? undefined : 'its body is not a bulk operation';
  return (await api.send('bulk status', { id, retries: 0, checkBody })) as {
    statusCode: number;
    body: BulkOperation;
  };
}

/** The id of the bulk operation that an answer or a message is about. */
export function operationIdOf(body: unknown): string | undefined {
  const id = isObject(body) ? body['bulkOpsRequestId'] : undefined;
  return typeof id === 'string' && id.trim() !== '' ? id.trim() : undefined;
}

/** Whether an answer already holds the result of a bulk claim (fields: Nordic's own tool). */
export function isBulkResult(body: unknown): body is Record<string, unknown> {
  return isObject(body) && (Array.isArray(body['claimedIds']) || Array.isArray(body['failed']));
}

/**
 * Fetches the error summary of a failed bulk operation. It may be missing, expired or unreadable (what the service does
 * there is not known); the operation's result stands all the same.
 * @throws {NrfCloudError} `NRFCLOUD_CLOSED`
 */
export async function errorSummary(api: Api, { errorSummaryUrl }: BulkOperation): Promise<Download> {
  if (typeof errorSummaryUrl !== 'string' || errorSummaryUrl === '') {
    return { problem: 'the service names no error summary' };
  }
  return api.download('bulk status', errorSummaryUrl);
}
