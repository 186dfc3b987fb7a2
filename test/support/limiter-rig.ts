import type { Limits } from '../../nodes/http/limiter';
import { Limiter } from '../../nodes/http/limiter';
import { OriginState } from '../../nodes/http/origin-state';
import type { RequestOwner } from '../../nodes/http/request-owner';
import type { LimitedRequest } from '../../nodes/http/waiting-requests';
import { Abort } from '../../nodes/util/abort';
import type { Clock } from './clock';

/** A request that was made, and what came of it. */
export interface MadeRequest {
  startedAt?: number;
  failedAt?: number;
  error?: unknown;
  /** What its message was told. */
  waiting: boolean[];
  signal: Abort;
  request: LimitedRequest;
}

/** A limiter for one or more origins with a stopped clock; 100 requests at once unless the test says otherwise. */
export class LimiterRig {
  readonly origin = new OriginState();
  readonly limiter: Limiter;

  constructor(
    private readonly clock: Clock,
    limits: Partial<Limits> = {},
    ...more: OriginState[]
  ) {
    this.limiter = new Limiter({ concurrency: 100, rate: 0, queueLimit: 100, ...limits });
    for (const origin of [this.origin, ...more]) this.limiter.include(origin);
  }

  /** @param admitted true for a retry */
  make({
    origin = this.origin,
    owner = {},
    admitted = false,
  }: { origin?: OriginState; owner?: Partial<RequestOwner>; admitted?: boolean } = {}): MadeRequest {
    const signal = new Abort();
    const waiting: boolean[] = [];
    const onWaiting = (isWaiting: boolean): number => waiting.push(isWaiting);
    const request = { origin, owner: { lane: 'lane', signal, onWaiting, ...owner }, since: this.clock.now };
    const made: MadeRequest = { waiting, signal, request };
    const turn = this.limiter.acquire(request, signal, admitted) ?? Promise.resolve();
    turn.then(
      () => (made.startedAt = this.clock.now),
      (error: unknown) => {
        made.failedAt = this.clock.now;
        made.error = error;
      },
    );
    return made;
  }

  beginOutage(): void {
    while (this.origin.takeRetry());
  }

  /** Begins an outage whose probe gets no response, so that nothing else may start. */
  async beginOutageWithProbe(): Promise<MadeRequest> {
    this.beginOutage();
    await this.clock.jump(1000);
    const probe = this.make();
    await this.clock.pass(0);
    return probe;
  }

  endOutage(): void {
    this.origin.finish({}, 'success', this.clock.now);
  }

  /** How many timers a step sets. `mock.method` would not do: any later `mock.restoreAll` would stop the clock again. */
  async countTimers(step: () => void): Promise<number> {
    const { setTimeout } = globalThis;
    let count = 0;
    globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
      count++;
      return setTimeout(...args);
    }) as typeof setTimeout;
    try {
      step();
      await this.clock.pass(10);
    } finally {
      globalThis.setTimeout = setTimeout;
    }
    return count;
  }
}
