import type { Call, Client, Job, Reply } from './client';
import { NrfCloudError } from './errors';
import type { Generation, OperationName } from './paths';

/** A claim as the service wants it. */
export interface ClaimRequest {
  claimToken: string;
  tags: string[];
  /** The device UUID inside the token, by which a lost reply or a conflict is looked into. */
  deviceId: string;
}

/** A claimed device: the service's JSON as received (fields: guide). */
export type Device = Record<string, unknown>;

/** How a claim ended. */
export interface Claimed {
  statusCode: number;
  device: Device;
  /** The service's 409, if the device was the account's own already. */
  conflict?: NrfCloudError;
}

/**
 * The service's operations on behalf of one message. All failures are {@link NrfCloudError}s.
 */
export class Service {
  constructor(
    private readonly client: Client,
    private readonly job: Job,
  ) {}

  /** Which generation of the service's paths is spoken. */
  get api(): Generation {
    return this.client.api;
  }

  /**
   * Claims a device. After a lost reply the device is looked up instead of guessing; a 409 is looked into, because the
   * device may be the account's own (then `conflict` is set) or somebody else's (then it is thrown).
   */
  async claim({ claimToken, tags, deviceId }: ClaimRequest): Promise<Claimed> {
    const call: Call = {
      json: tags.length > 0 ? { claimToken, tags } : { claimToken },
      lookup: (job) => this.client.peek('get device', { id: deviceId, complaint: notADevice }, job),
      complaint: notADevice,
    };
    try {
      return claimed(await this.#send('claim', call));
    } catch (error) {
      if (!(error instanceof NrfCloudError)) throw error;
      const conflict = error.code === 'NRFCLOUD_CONFLICT';
      if (!conflict && !(error.uncertain && mayMeanClaimed(error))) throw error;
      const found = await this.#find(deviceId);
      if (found === undefined) throw conflict ? somebodyElses(error) : error;
      return conflict && !error.uncertain ? { ...found, conflict: error } : found;
    }
  }

  /**
   * Asks whether a device could be claimed (`current` only; source: Nordic's own tool, which expects 202 and no body).
   * @throws {NrfCloudError} `NRFCLOUD_CONFLICT` and the like when it can't
   */
  async dryRunClaim({ claimToken, deviceId }: ClaimRequest): Promise<Reply & { conflict?: NrfCloudError }> {
    try {
      return await this.#send('claim', { query: new URLSearchParams({ dryrun: 'true' }), json: { claimToken } });
    } catch (error) {
      if (!(error instanceof NrfCloudError) || error.code !== 'NRFCLOUD_CONFLICT') throw error;
      const found = await this.#find(deviceId);
      if (found === undefined) throw somebodyElses(error);
      return { statusCode: found.statusCode, body: found.device, conflict: error };
    }
  }

  /** The device if the account has it; what the account can't see is not its own. */
  async #find(id: string): Promise<Claimed | undefined> {
    try {
      return claimed(await this.#send('get device', { id, complaint: notADevice }));
    } catch (error) {
      if (error instanceof NrfCloudError && /_(NOT_FOUND|FORBIDDEN)$/.test(error.code)) return undefined;
      throw error;
    }
  }

  #send(operation: OperationName, call: Call): Promise<Reply> {
    return this.client.send(operation, call, this.job);
  }
}

function claimed({ statusCode, body }: Reply): Claimed {
  return { statusCode, device: body as Device };
}

/** Which status the service gives to a repeated claim is not known; any refusal of the content may be it. */
function mayMeanClaimed({ code }: NrfCloudError): boolean {
  return code === 'NRFCLOUD_NOT_FOUND' || code === 'NRFCLOUD_REJECTED';
}

function somebodyElses({ cause }: NrfCloudError): NrfCloudError {
  return new NrfCloudError(
    'NRFCLOUD_CONFLICT',
    'claim: the device is claimed already, and not by this account; its owner must unclaim it first',
    cause,
  );
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notADevice(body: unknown): string | undefined {
  return isObject(body) ? undefined : 'its body is not a device';
}
