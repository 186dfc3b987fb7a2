import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { ClientLoad } from '../../nodes/api/load';
import { anyBody } from '../../nodes/api/parse-response';
import type { ApiRequest, ApiResponse } from '../../nodes/api/request';
import { Sender } from '../../nodes/api/sender';
import type { Services } from '../../nodes/api/services';
import type { HttpResponse } from '../../nodes/http/exchange';
import { ExchangeError } from '../../nodes/http/exchange-error';
import { Limiter } from '../../nodes/http/limiter';
import { OriginState, type AttemptResult } from '../../nodes/http/origin-state';
import { Redactor } from '../../nodes/http/redact';
import type { RequestOwner } from '../../nodes/http/request-owner';
import type { RequestTarget } from '../../nodes/http/transport';
import { Abort, LinkedAbort, type AbortSignalLike } from '../../nodes/util/abort';

/** What comes of an attempt. */
export type Outcome = HttpResponse | ExchangeError | ((signal: AbortSignalLike) => Promise<HttpResponse>);

/** Retries, and look-ups, that an origin allows while nothing succeeds. */
const BUDGET = 32;

/** A sender whose transport has outcomes, in their order, instead of a network; without any left, HTTP 599. */
export class SenderRig {
  readonly state = new OriginState();
  readonly load = new ClientLoad();
  /** Method and path of each attempt. */
  readonly sent: string[] = [];
  /** How the attempts ended for the state of their origin. */
  readonly results: AttemptResult[] = [];
  readonly limiter: Limiter;
  readonly #outcomes: Outcome[];
  readonly #sender: Sender;

  constructor(
    outcomes: Outcome[],
    { retries = 3, queueLimit = 100, concurrency = 4, outageWait = 300, lookUpDelaysMs = [0, 0] } = {},
  ) {
    this.#outcomes = outcomes;
    this.limiter = new Limiter({ concurrency, rate: 0, queueLimit, outageWait });
    this.limiter.include(this.state);
    const finish = this.state.finish.bind(this.state);
    mock.method(this.state, 'finish', (...parameters: Parameters<typeof finish>) => {
      this.results.push(parameters[1]);
      finish(...parameters);
    });
    const service = { origin: 'https://host', state: this.state, transport: this };
    this.#sender = new Sender({
      api: 'guide',
      retries,
      queueLimit,
      outageWait,
      lookUpDelaysMs,
      services: { of: () => service } as unknown as Services,
      limiter: this.limiter,
      redactor: new Redactor('secret-key'),
      load: this.load,
    });
  }

  /** What the transport does. */
  async send({ method, path }: RequestTarget, _content: unknown, signal: AbortSignalLike): Promise<HttpResponse> {
    this.sent.push(`${method} ${path}`);
    const outcome = this.#outcomes.shift() ?? { statusCode: 599, headers: {}, text: '' };
    if (outcome instanceof ExchangeError) throw outcome;
    return typeof outcome === 'function' ? outcome(signal) : outcome;
  }

  endOfTurn(): Promise<void> {
    return Promise.resolve();
  }

  request(
    operation: 'claim' | 'get device' | 'unclaim device' | 'create command',
    request: Partial<ApiRequest> = {},
    owner: Partial<RequestOwner> = {},
  ): Promise<ApiResponse> {
    const whole: RequestOwner = { signal: new Abort(), lane: 'node', ...owner };
    const id = operation === 'claim' ? {} : { id: 'd' };
    return this.#sender.send(operation, { ...id, parse: anyBody, ...request }, whole, new LinkedAbort(whole.signal));
  }

  /** Uses the retry budget up, so that the next retry begins an outage. */
  useRetries(): void {
    for (let count = 0; count < BUDGET; count++) assert.equal(this.state.takeRetry(), true);
  }

  useLookUps(): void {
    for (let count = 0; count < BUDGET; count++) assert.equal(this.state.takeLookUp(), true);
  }

  beginOutage(): void {
    this.useRetries();
    this.state.takeRetry();
  }

  endOutage(): void {
    this.state.finish({}, 'success', performance.now());
  }
}
