import type { DispatcherOptions } from '../http/dispatcher';
import { Downloader, type Download } from '../http/downloads';
import { Limiter, type Limits } from '../http/limiter';
import { Redactor } from '../http/redact';
import type { RequestOwner } from '../http/request-owner';
import { USER_AGENT } from '../http/transport';
import { LinkedAbort, type AbortSignalLike } from '../util/abort';
import { KeyedQueue } from '../util/keyed-queue';
import type { ApiVersion, OperationName } from './endpoints';
import { queueFull } from './error-mapping';
import { closed, type NrfCloudError } from './errors';
import { ClientLoad, type LoadReport } from './load';
import type { ApiRequest, ApiResponse } from './request';
import { Sender } from './sender';
import { Services, type ServicesOptions } from './services';

/** Everything that a connection to the service needs to know. */
export interface ClientOptions extends Limits, ServicesOptions {
  api: ApiVersion;
  /** Attempts after the first. */
  retries: number;
  tls?: DispatcherOptions['tls'];
  proxy?: DispatcherOptions['proxy'];
  /** Milliseconds before each repetition of a look-up that found nothing; default: {@link LOOK_UP_DELAYS_MS}. */
  lookUpDelaysMs?: readonly number[];
}

/** When a look-up after an uncertain attempt is repeated if it found nothing (contract). */
const LOOK_UP_DELAYS_MS: readonly number[] = [500, 1000, 2000, 4000];

/** The one HTTP path to the service. Every request of every node passes the same limits, retries and error mapping. */
export class Client {
  readonly api: ApiVersion;
  readonly limiter: Limiter;
  /** Changes of one device or tag. */
  readonly order = new KeyedQueue();
  readonly lookUpDelaysMs: readonly number[];
  readonly #services: Services;
  readonly #sender: Sender;
  readonly #downloader: Downloader;
  readonly #redactor: Redactor;
  readonly #load = new ClientLoad();
  readonly #closing = new Set<LinkedAbort>();
  #closed = false;

  /** @throws {RangeError} with a sentence, when a URL, a proxy of the environment or the API key cannot be used */
  constructor(private readonly options: ClientOptions) {
    this.api = options.api;
    this.lookUpDelaysMs = options.lookUpDelaysMs ?? LOOK_UP_DELAYS_MS;
    this.limiter = new Limiter(options);
    const connections = {
      connections: options.concurrency,
      connectTimeoutMs: options.timeout * 1000,
      ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    };
    const { tls } = options;
    this.#services = new Services(options, tls === undefined ? connections : { ...connections, tls }, this.limiter);
    this.#redactor = new Redactor(options.apiKey);
    const { retries, queueLimit, outageWait } = options;
    this.#sender = new Sender({
      api: this.api,
      retries,
      queueLimit,
      ...(outageWait === undefined ? {} : { outageWait }),
      lookUpDelaysMs: this.lookUpDelaysMs,
      services: this.#services,
      limiter: this.limiter,
      redactor: this.#redactor,
      load: this.#load,
    });
    // Without the TLS material: a client certificate is a secret, too.
    this.#downloader = new Downloader(this.origin, connections, USER_AGENT);
  }

  /** Scheme, host and port of the service. */
  get origin(): string {
    return this.#services.provisioning.origin;
  }

  /** Attempts after the first. */
  get retries(): number {
    return this.options.retries;
  }

  /** The origins that the API key is sent to, and no others. */
  get origins(): string[] {
    return this.#services.origins;
  }

  /** Whether the API key is an organization auth token, which the device management API refuses (a user's report). */
  get usesOrganizationToken(): boolean {
    return this.options.apiKey.startsWith('oat_');
  }

  /** @throws {NrfCloudError} `NRFCLOUD_NOT_CONFIGURED` if the API of an operation is not known */
  checkConfigured(operation: OperationName, owner: RequestOwner): void {
    this.#sender.contextOf(operation, {}, owner);
  }

  /** What the connection is doing. */
  load(): LoadReport {
    const { started, inFlight, waiting } = this.limiter;
    const states = this.#services.all.map(({ state }) => state);
    return this.#load.report({ inFlight, waiting, started, rate: this.options.rate, states });
  }

  /**
   * Requests one operation of the service. 408, 425, 429, 5xx and network failures are repeated with back-off; after a lost
   * response `request.recoverWith` is looked up first. Waits through an outage for at most `outageWait` seconds.
   * @throws {NrfCloudError} every failure, with the contract's code
   */
  send<T>(operation: OperationName, request: ApiRequest<T>, owner: RequestOwner): Promise<ApiResponse<T>> {
    return this.#sender.send(operation, request, owner, this.#begin(owner));
  }

  /**
   * Fetches a document that a response points to, from any host, without the API key, which is also taken out of it.
   * @returns its text, or in a sentence why there is none
   * @throws {NrfCloudError} `NRFCLOUD_CLOSED`
   */
  async download(operation: OperationName, url: string, owner: RequestOwner): Promise<Download> {
    const abort = this.#begin(owner);
    try {
      const onWaiting = (waiting: boolean): void => owner.onWaiting?.(waiting);
      return this.#withoutKey(await this.#downloader.fetch(url, this.options.timeout * 1000, abort, onWaiting));
    } catch (error) {
      throw abort.aborted ? closed(operation) : error;
    } finally {
      abort.leave();
    }
  }

  /** A document has megabytes and many backslashes: it is only searched for the key as it is. */
  #withoutKey(download: Download): Download {
    const holdsKey = 'text' in download && download.text.includes(this.options.apiKey);
    return holdsKey ? { text: this.#redactor.text(download.text) } : download;
  }

  /** See {@link Limiter.reserve}. */
  reserve(): (() => void) | undefined {
    return this.limiter.reserve();
  }

  /** The error of a request that finds the queue full. */
  queueFull(operation: OperationName, owner: RequestOwner): NrfCloudError {
    return queueFull(this.options.queueLimit, this.#sender.contextOf(operation, {}, owner));
  }

  /** Ends every request and closes all sockets; afterwards every `send` fails with `NRFCLOUD_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    // Abort first: destroying the dispatchers alone leaves back-offs and queues waiting.
    for (const abort of this.#closing) abort.abort();
    this.limiter.close();
    await Promise.all([this.#services.close(), this.#downloader.close()]);
  }

  /** The work for a message ends with the message's flow, and with this client. */
  #begin(owner: RequestOwner): LinkedAbort {
    const abort = new RequestAbort(owner.signal, this.#closing);
    if (this.#closed) abort.abort();
    return abort;
  }
}

/** Aborts the work for a message; the client lists it as long as it lasts. */
class RequestAbort extends LinkedAbort {
  constructor(
    signal: AbortSignalLike,
    private readonly all: Set<LinkedAbort>,
  ) {
    super(signal);
    all.add(this);
  }

  override leave(): void {
    super.leave();
    this.all.delete(this);
  }
}
