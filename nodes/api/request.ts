import type { HttpResponse } from '../http/exchange';
import type { LimitedRequest } from '../http/waiting-requests';
import type { RequestContent, RequestTarget } from '../http/transport';
import type { NrfCloudError } from './errors';
import type { OperationName } from './endpoints';
import type { Service } from './services';

/** A response that can be used. */
export interface ApiResponse<T = unknown> {
  statusCode: number;
  /** The service's JSON as received, in the form that `parse` gave it. */
  body: T;
}

/** How to find out what became of a request whose response was lost. */
export interface Recovery<T> {
  operation: OperationName;
  id: string;
  /**
   * What the looked-up state says about the request.
   * @param found a 2xx or 404; the body is `undefined` if it is empty
   * @returns the response in place of the lost one; `notDone`: it had no effect; `unclear`: it is not known
   */
  judge: (found: ApiResponse, id: string) => ApiResponse<T> | 'notDone' | 'unclear';
}

/** What an operation sends, and how its response is read. */
export interface ApiRequest<T = unknown> extends RequestContent {
  id?: string;
  /** The id of a command of the device `id`. */
  commandId?: string;
  /**
   * Reads the body of a success: the service's JSON, `undefined` if it is empty.
   * @throws {InvalidValue} if it cannot be used; its text is the predicate of a sentence about the body ("is not a list")
   */
  parse: (body: unknown, statusCode: number) => T;
  /** Which bodies are a response whatever the status says. */
  acceptStatus?: (statusCode: number, body: unknown) => boolean;
  /** What is looked up after a lost response, before the request is sent again. */
  recoverWith?: Recovery<T>;
  /**
   * Whether the request is sent again after its response was lost: `always` (default), `ifNotDone`: only if
   * `recoverWith` says that it had no effect, or `never`.
   */
  repeatAfterLoss?: 'always' | 'ifNotDone' | 'never';
  /** Statuses after which the request is sent again; if left out, all that the contract lists. */
  repeatAfterStatus?: readonly number[];
  /** Called before the request is sent again although the response of an earlier attempt was lost. */
  onRepeatAfterLoss?: () => void;
  /** Called with the headers of each response. @param exchangeMs how long the exchange took */
  onHeaders?: (headers: HttpResponse['headers'], exchangeMs: number) => void;
  /** True for a single attempt. */
  sendOnce?: boolean;
  /** True for a request that changes nothing although its method does otherwise: a lost response leaves no doubt. */
  isDryRun?: boolean;
}

/** A request and what is known about it so far. Hot path: one object per request. */
export interface RequestContext extends LimitedRequest, RequestTarget {
  operation: OperationName;
  /** How often it was sent. */
  attempts: number;
  /** How many of the connection's retries it has used; waits during an outage use none. */
  retriesSpent: number;
  /** True if an attempt may have taken effect although no usable response came. */
  mayHaveSucceeded: boolean;
  /** It was let in, so that the queue's limit no longer applies to it. */
  admitted: boolean;
  service: Service;
  lastError: NrfCloudError | undefined;
}
