import type { RequestOwner } from '../http/request-owner';
import type { BodyCheck, ApiResponse } from './parse-response';

/** What an operation sends. */
export interface ApiRequest {
  id?: string;
  query?: URLSearchParams;
  json?: unknown;
  csv?: string | Buffer;
  /** Asks, after a response was lost, whether the work was done: its answer then, or `undefined` if not or unknown. */
  recover?: (owner: RequestOwner) => Promise<ApiResponse | undefined>;
  /** Which responses other than 2xx are an answer, too. */
  acceptStatus?: (response: ApiResponse) => boolean;
  checkBody?: BodyCheck;
  /** Attempts after the first, instead of the connection's. */
  retries?: number;
}
