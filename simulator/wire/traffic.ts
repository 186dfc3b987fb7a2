import type { ServerResponse } from 'node:http';

/** A request as it arrived. */
export interface RequestRecord {
  /** Counted from 1; the answer's `x-request-id` is `sim-<number>`. */
  number: number;
  method: string;
  /** Path and query. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
  /** Milliseconds since 1970, at the arrival of the request's header. */
  at: number;
  /** The operation, once it is known which. */
  operation?: string;
  /** Status of the answer; absent while there is none, or if the connection was cut before. */
  status?: number;
}

/** A request to the summary host. */
export interface SummaryVisit {
  url: string;
  /** It carried an `Authorization` header, which must never leave the service's own host. */
  authorization: boolean;
  at: number;
}

/** A request that is being answered. */
export interface Exchange {
  readonly record: RequestRecord;
  /** To be called right before the last byte goes out, so that a client cannot be faster than the count. */
  end(status?: number): void;
}

/** Counts and records the requests to the service. */
export class Traffic {
  readonly requests: RequestRecord[] = [];
  /** Requests handled, by operation. */
  readonly counters: Record<string, number> = {};
  /** What was fetched from the summary host. */
  readonly summaryVisits: SummaryVisit[] = [];
  total = 0;
  inFlight = 0;
  maxInFlight = 0;

  constructor(private readonly landed: (record: RequestRecord) => void) {}

  /** A request's header has arrived. */
  begin(record: Omit<RequestRecord, 'number' | 'body' | 'at'>, response: ServerResponse, keep: boolean): Exchange {
    const flying: RequestRecord = { ...record, number: ++this.total, body: '', at: Date.now() };
    if (keep) this.requests.push(flying);
    this.maxInFlight = Math.max(this.maxInFlight, ++this.inFlight);
    let inTheAir = true;
    const end = (status?: number): void => {
      if (!inTheAir) return;
      inTheAir = false;
      this.inFlight--;
      if (status !== undefined) flying.status = status;
      this.landed(flying);
    };
    response.once('close', () => end());
    return { record: flying, end };
  }

  count(operation: string): void {
    this.counters[operation] = (this.counters[operation] ?? 0) + 1;
  }
}
