import type { ServerResponse } from 'node:http';

/** `api`: the provisioning service; `deviceApi`: device management. */
export type HostName = 'api' | 'deviceApi';

/** A request as it arrived. */
export interface RequestRecord {
  /** Counted from 1; the `x-request-id` of the response is `sim-<number>`. */
  number: number;
  host: HostName;
  method: string;
  /** Path and query. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
  /** Milliseconds since 1970, at the arrival of the request's header. */
  at: number;
  /** The operation, once it is known which. */
  operation?: string;
  /** Status of the response; absent while there is none, or if the connection was cut before. */
  status?: number;
}

/** A request to the summary host. */
export interface SummaryVisit {
  url: string;
  /** It carried an `Authorization` header, which must never be sent to this host. */
  authorization: boolean;
  at: number;
}

/** A request that waits for its response. */
export interface Exchange {
  readonly record: RequestRecord;
  /** Called right before the last byte is sent, so that a client cannot be ahead of the counters. */
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

  /** @param onEnd called when a response is about to end */
  constructor(private readonly onEnd: (record: RequestRecord) => void) {}

  /** A request's header has arrived. */
  begin(arrived: Omit<RequestRecord, 'number' | 'body' | 'at'>, response: ServerResponse, keep: boolean): Exchange {
    const record: RequestRecord = { ...arrived, number: ++this.total, body: '', at: Date.now() };
    if (keep) this.requests.push(record);
    this.maxInFlight = Math.max(this.maxInFlight, ++this.inFlight);
    let ended = false;
    const end = (status?: number): void => {
      if (ended) return;
      ended = true;
      this.inFlight--;
      if (status !== undefined) record.status = status;
      this.onEnd(record);
    };
    response.once('close', () => end());
    return { record, end };
  }

  count(operation: string): void {
    this.counters[operation] = (this.counters[operation] ?? 0) + 1;
  }
}
