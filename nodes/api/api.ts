import type { RequestOwner } from '../http/request-owner';
import type { ApiRequest } from './request';
import type { Client } from './client';
import type { ApiResponse } from './parse-response';
import type { Download } from '../http/downloads';
import type { ApiVersion, OperationName } from './endpoints';

/** The client on behalf of one message; what the operations are asked through. */
export class Api {
  constructor(
    private readonly client: Client,
    private readonly owner: RequestOwner,
  ) {}

  /** Which generation of the service's paths is spoken. */
  get version(): ApiVersion {
    return this.client.api;
  }

  /** See {@link Client.send}. */
  send(operation: OperationName, call: ApiRequest): Promise<ApiResponse> {
    return this.client.send(operation, call, this.owner);
  }

  /** See {@link Client.sendOnce}; for a `lookup`, which brings the owner of the request that it belongs to. */
  sendOnce(
    operation: OperationName,
    call: ApiRequest,
    owner: RequestOwner = this.owner,
  ): Promise<ApiResponse | undefined> {
    return this.client.sendOnce(operation, call, owner);
  }

  /** See {@link Client.download}. */
  download(operation: OperationName, url: string): Promise<Download> {
    return this.client.download(operation, url, this.owner);
  }
}
