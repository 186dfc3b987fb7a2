import type { Download } from '../http/downloads';
import type { RequestOwner } from '../http/request-owner';
import type { AbortSignalLike } from '../util/abort';
import type { KeyedQueue } from '../util/keyed-queue';
import type { Client } from './client';
import type { ApiVersion, OperationName } from './endpoints';
import { closed, isClosed } from './errors';
import type { LoadReport } from './load';
import type { ApiRequest, ApiResponse } from './request';

/** The client bound to one message; what operations make requests with. */
export class Api {
  constructor(
    private readonly client: Client,
    private readonly owner: RequestOwner,
  ) {}

  /** On behalf of the same message; requests and their retries also end with `signal`, which is linked to the message's. */
  endingWith(signal: AbortSignalLike): Api {
    const { client, owner } = this;
    const { lane, receivedAt } = owner;
    return new Api(client, {
      signal,
      lane,
      receivedAt,
      onWaiting: (waiting) => owner.onWaiting?.(waiting),
      onStart: () => owner.onStart?.(),
    });
  }

  /** Which version of the service's paths the connection uses. */
  get version(): ApiVersion {
    return this.client.api;
  }

  /** Scheme, host and port of the service. */
  get origin(): string {
    return this.client.origin;
  }

  /** Attempts after the first. */
  get retries(): number {
    return this.client.retries;
  }

  /** See {@link Client.load}. */
  load(): LoadReport {
    return this.client.load();
  }

  /** See {@link Client.usesOrganizationToken}. */
  get usesOrganizationToken(): boolean {
    return this.client.usesOrganizationToken;
  }

  /** See {@link Client.checkConfigured}. */
  checkConfigured(operation: OperationName): void {
    this.client.checkConfigured(operation, this.owner);
  }

  /** See {@link Client.send}. */
  send<T>(operation: OperationName, request: ApiRequest<T>): Promise<ApiResponse<T>> {
    return this.client.send(operation, request, this.owner);
  }

  /** See {@link Client.download}. */
  download(operation: OperationName, url: string): Promise<Download> {
    return this.client.download(operation, url, this.owner);
  }

  /**
   * Runs changes of one device or tag of a connection one after another, so that a retry never overtakes a later change.
   * @param key the device or tag
   * @param work gets whether it followed another change
   * @param once a change with the same fingerprint as the one before is not run, but has the same result, through `share`
   * @param queue the queue of changes, if it is not the connection's
   * @throws {NrfCloudError} `NRFCLOUD_QUEUE_FULL`, `NRFCLOUD_CLOSED`, or what `work` throws
   */
  inOrder<T>(
    operation: OperationName,
    key: string,
    work: (followed: boolean) => Promise<T>,
    once?: { fingerprint: string; share: (value: T) => T },
    queue = this.client.order,
  ): Promise<T> {
    if (!queue.isBusy(key)) return queue.started(key, work(false), once?.fingerprint);
    return this.#waitInOrder(operation, key, work, once, queue);
  }

  async #waitInOrder<T>(
    operation: OperationName,
    key: string,
    work: (followed: boolean) => Promise<T>,
    once: { fingerprint: string; share: (value: T) => T } | undefined,
    queue: KeyedQueue,
  ): Promise<T> {
    const { client, owner } = this;
    const { signal } = owner;
    const onWait = (): (() => void) => {
      const unreserve = client.reserve();
      if (unreserve === undefined) throw client.queueFull(operation, owner);
      owner.onWaiting?.(true);
      // The node's other messages need not wait for this one.
      owner.onStart?.();
      return () => {
        unreserve();
        owner.onWaiting?.(false);
      };
    };
    const share = once?.share ?? ((value: T) => value);
    const options = { signal, onWait, share, isShared: (error: unknown) => !isClosed(error) };
    try {
      return await queue.run(key, work, options, once?.fingerprint);
    } catch (error) {
      throw signal.aborted && !isClosed(error) ? closed(operation) : error;
    }
  }

  /**
   * Looks something up, again and again while nothing is found, before that is believed (contract: 0.5, 1, 2 and 4 s).
   * @param find gives `undefined` if it found nothing
   */
  async repeatLookUp<T>(operation: OperationName, find: () => Promise<T | undefined>): Promise<T | undefined> {
    const { client, owner } = this;
    for (const delayMs of client.lookUpDelaysMs) {
      const found = await find();
      if (found !== undefined) return found;
      try {
        await client.limiter.pause(delayMs, owner, owner.signal);
      } catch (error) {
        throw owner.signal.aborted ? closed(operation) : error;
      }
    }
    return find();
  }
}
