import { isSuccess } from '../http/exchange';
import type { OperationName } from './endpoints';
import { isWebPage } from './readable-text';

/** The codes that users branch on in a Catch node; fixed by the contract. */
export type ErrorCode =
  | 'NRFCLOUD_NOT_CONFIGURED'
  | 'NRFCLOUD_INVALID_INPUT'
  | 'NRFCLOUD_UNAUTHORIZED'
  | 'NRFCLOUD_FORBIDDEN'
  | 'NRFCLOUD_NOT_FOUND'
  | 'NRFCLOUD_CONFLICT'
  | 'NRFCLOUD_REJECTED'
  | 'NRFCLOUD_RATE_LIMITED'
  | 'NRFCLOUD_UNAVAILABLE'
  | 'NRFCLOUD_TIMEOUT'
  | 'NRFCLOUD_BAD_RESPONSE'
  | 'NRFCLOUD_QUEUE_FULL'
  | 'NRFCLOUD_CLOSED'
  | 'NRFCLOUD_INTERNAL_ERROR';

/** The facts of an error as plain JSON, so that they survive Node-RED's copy into `msg.error.cause`. */
export interface ErrorCause {
  operation: OperationName;
  /** HTTP method of the operation. */
  method?: string;
  /** Path below the base URL, never with a query. */
  path?: string;
  /** HTTP status, if the service responded. */
  statusCode?: number;
  /** The service's error body: parsed if it is JSON, else text; at most 64 KiB of it were read. */
  body?: unknown;
  /** The service's id of the request, for a support case. */
  requestId?: string;
  /** How often the request was sent. */
  attempts: number;
  /** Seconds that the service asked to wait. */
  retryAfter?: number;
  /** Set if a request may have taken effect although no usable response arrived. */
  mayHaveSucceeded?: boolean;
  /** Set if the work continues after the restart. */
  resumes?: boolean;
  /** What a node adds, e.g. the rows that kept a bulk claim from starting. */
  [extra: string]: unknown;
}

/**
 * The one error that leaves this package. `code` and `cause` are own properties, because Node-RED copies just those
 * (and the text) into `msg.error`.
 */
export class NrfCloudError extends Error {
  readonly code: ErrorCode;
  override readonly cause: ErrorCause;

  constructor(code: ErrorCode, message: string, facts: ErrorCause) {
    super(message);
    // Node-RED writes an error's name in front of its text, which is one sentence without it.
    this.name = '';
    this.code = code;
    this.cause = facts;
  }

  /** True if a request may have taken effect although no usable response arrived. */
  get mayHaveSucceeded(): boolean {
    return this.cause.mayHaveSucceeded === true;
  }
}

/** Whether something thrown is an error of this package with one of the codes. */
export function hasCode<C extends ErrorCode>(
  error: unknown,
  ...codes: C[]
): error is NrfCloudError & { readonly code: C } {
  return error instanceof NrfCloudError && (codes as ErrorCode[]).includes(error.code);
}

/**
 * Whether an error is about a success whose body cannot be used, so that its work may be done. A redirect has the same code,
 * but is not a success.
 */
export function isUnusableSuccess(error: unknown): error is NrfCloudError & { readonly code: 'NRFCLOUD_BAD_RESPONSE' } {
  if (!hasCode(error, 'NRFCLOUD_BAD_RESPONSE')) return false;
  const { statusCode } = error.cause;
  return statusCode !== undefined && isSuccess(statusCode);
}

/** Whether the service says that what was asked for is not there. The web page of a gateway or proxy says nothing about that. */
export function saysNotFound(error: unknown): error is NrfCloudError {
  return hasCode(error, 'NRFCLOUD_NOT_FOUND') && !isFromElsewhere(error);
}

/**
 * Whether a redirect or a web page came, as from a captive portal, gateway or proxy: whatever sent it, the service has judged
 * neither the request nor the key.
 */
export function isFromElsewhere(error: NrfCloudError): boolean {
  const { statusCode = 0, body } = error.cause;
  const isRedirect = error.code === 'NRFCLOUD_BAD_RESPONSE' && statusCode >= 300;
  return isRedirect || (typeof body === 'string' && isWebPage(body));
}

/** An error that says in `cause` that its request may have taken effect. */
export function withMayHaveSucceeded(error: NrfCloudError): NrfCloudError {
  if (error.mayHaveSucceeded) return error;
  return new NrfCloudError(error.code, error.message, { ...error.cause, mayHaveSucceeded: true });
}

/**
 * What ends a message whose request was followed by a second step that failed, such as a look-up: the failure, which also
 * says that the request may have taken effect if its own error says so.
 */
export function withEarlierDoubt(failure: unknown, earlier: NrfCloudError): unknown {
  return earlier.mayHaveSucceeded && failure instanceof NrfCloudError ? withMayHaveSucceeded(failure) : failure;
}

/**
 * An error about input that was found before anything was sent.
 * @param sentence what is wrong, where, and what to do; it must not quote the input unfiltered (see `sanitize`)
 */
export function invalidInput(
  operation: OperationName,
  sentence: string,
  extra: Record<string, unknown> = {},
): NrfCloudError {
  return new NrfCloudError('NRFCLOUD_INVALID_INPUT', `${operation}: ${sentence}`, { operation, attempts: 0, ...extra });
}

/** An error about a connection that cannot be used. */
export function notConfigured(operation: OperationName, sentence: string): NrfCloudError {
  return new NrfCloudError('NRFCLOUD_NOT_CONFIGURED', `${operation}: ${sentence}`, { operation, attempts: 0 });
}

/** The error of a message that comes to a node which holds as many as Node-RED's settings allow. */
export function nodeQueueFull(operation: OperationName, max: number): NrfCloudError {
  return new NrfCloudError(
    'NRFCLOUD_QUEUE_FULL',
    `${operation}: this node holds ${max} messages already; send slower, or raise nodeMessageBufferMaxLength in Node-RED's settings`,
    { operation, attempts: 0 },
  );
}

/**
 * The error of a message that was being processed when its flow was stopped.
 * @param mayHaveSucceeded its request may have taken effect
 * @param resumes its work continues when the flow is started again
 */
export function closed(
  operation: OperationName,
  attempts = 0,
  { mayHaveSucceeded = false, resumes = false }: { mayHaveSucceeded?: boolean; resumes?: boolean } = {},
): NrfCloudError {
  const todo = resumes ? 'its work continues when the flow is started again' : 'send the message again';
  const message = `${operation}: the flow was stopped or redeployed while the message was being processed; ${todo}`;
  return new NrfCloudError('NRFCLOUD_CLOSED', message, {
    operation,
    attempts,
    ...(mayHaveSucceeded ? { mayHaveSucceeded } : {}),
    ...(resumes ? { resumes } : {}),
  });
}

/** Whether an error only says that the flow was stopped. */
export function isClosed(error: unknown): boolean {
  return hasCode(error, 'NRFCLOUD_CLOSED');
}
