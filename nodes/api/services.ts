import { DEFAULT_BASE_URL, DEFAULT_DEVICE_API_URL, parseBaseUrl, type BaseUrl } from '../http/base-url';
import type { DispatcherOptions } from '../http/dispatcher';
import type { Limiter } from '../http/limiter';
import { OriginState, stateOf } from '../http/origin-state';
import { Transport } from '../http/transport';
import { endpointOf, type OperationName } from './endpoints';
import { notConfigured } from './errors';

/** One base URL of a connection. */
export interface Service {
  origin: string;
  transport: Transport;
  state: OriginState;
}

/** Where the services of a connection are, and how they are reached. */
export interface ServicesOptions {
  baseUrl: string;
  /** The device management API; empty: nRF Cloud's, if `baseUrl` has its default host, else unknown. */
  deviceApiUrl?: string;
  apiKey: string;
  /** Seconds for one attempt, its body included. */
  timeout: number;
  /** True for requests that neither heed nor change what is known of their origins, such as a connection test. */
  isolated?: boolean;
}

/** The services of one connection: the provisioning service, and the device management API once it is needed. */
export class Services {
  readonly provisioning: Service;
  readonly #deviceBase: BaseUrl | undefined;
  #device: Service | undefined;
  /** By origin: both services may be on the same one. */
  readonly #states = new Map<string, OriginState>();

  /** @throws {RangeError} with a sentence, when a URL, a proxy of the environment or the API key cannot be used */
  constructor(
    private readonly options: ServicesOptions,
    private readonly connections: DispatcherOptions,
    private readonly limiter: Limiter,
  ) {
    if (!/^[\x21-\x7e]+$/.test(options.apiKey)) {
      throw new RangeError('the API key holds characters that no HTTP header can carry; copy it again');
    }
    const base = parseBaseUrl(options.baseUrl);
    this.#deviceBase = deviceBaseOf(options.deviceApiUrl?.trim() ?? '', base);
    this.provisioning = this.#create(base);
  }

  /** The origins that the API key is sent to, and no others. */
  get origins(): string[] {
    const { origin } = this.provisioning;
    const deviceOrigin = this.#deviceBase?.origin ?? origin;
    return deviceOrigin === origin ? [origin] : [origin, deviceOrigin];
  }

  get all(): Service[] {
    return this.#device === undefined ? [this.provisioning] : [this.provisioning, this.#device];
  }

  /** The service of an operation. @throws {NrfCloudError} `NRFCLOUD_NOT_CONFIGURED` */
  of(operation: OperationName): Service {
    if (endpointOf(operation).base === undefined) return this.provisioning;
    if (this.#deviceBase === undefined) {
      throw notConfigured(
        operation,
        "the device management API is not known; enter its URL in the connection's deviceApiUrl",
      );
    }
    return (this.#device ??= this.#create(this.#deviceBase));
  }

  /** Closes all sockets. */
  async close(): Promise<void> {
    await Promise.all(this.all.map(({ transport }) => transport.close()));
  }

  #create(base: BaseUrl): Service {
    const { apiKey, timeout, isolated } = this.options;
    const { origin } = base;
    const transport = new Transport(base, apiKey, timeout * 1000, this.connections);
    const first = this.#states.get(origin);
    const state = first ?? (isolated === true ? new OriginState() : stateOf(origin));
    if (first === undefined) this.limiter.include(state);
    this.#states.set(origin, state);
    return { origin, transport, state };
  }
}

/** @throws {RangeError} when the URL cannot be used */
function deviceBaseOf(url: string, base: BaseUrl): BaseUrl | undefined {
  if (url !== '') return parseBaseUrl(url, 'the device API URL', DEFAULT_DEVICE_API_URL);
  return base.origin === new URL(DEFAULT_BASE_URL).origin ? parseBaseUrl(DEFAULT_DEVICE_API_URL) : undefined;
}
