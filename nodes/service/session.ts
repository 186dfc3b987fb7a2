import type { Call, Job } from './call';
import type { Client } from './client';
import type { Reply } from './usable';
import type { Download } from './downloads';
import type { Generation, OperationName } from './paths';

/** The client on behalf of one message; what the operations are asked through. */
export class Session {
  constructor(
    private readonly client: Client,
    private readonly job: Job,
  ) {}

  /** Which generation of the service's paths is spoken. */
  get api(): Generation {
    return this.client.api;
  }

  /** See {@link Client.send}. */
  send(operation: OperationName, call: Call): Promise<Reply> {
    return this.client.send(operation, call, this.job);
  }

  /** See {@link Client.peek}; for a `lookup`, which brings the job of the request that it belongs to. */
  peek(operation: OperationName, call: Call, job: Job = this.job): Promise<Reply | undefined> {
    return this.client.peek(operation, call, job);
  }

  /** See {@link Client.download}. */
  download(operation: OperationName, url: string): Promise<Download> {
    return this.client.download(operation, url, this.job);
  }
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
