import type { NodeAPI } from 'node-red';
import { Api } from '../api/api';
import type { Client } from '../api/client';
import { readTagNames } from '../api/tags';
import { clientOf } from './connection';

/** How long names are offered before they are requested again, in milliseconds (our choice). */
const CACHE_MS = 60_000;
/** How long a person in front of a dialog waits for names, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

interface CachedTags {
  at: number;
  names: Promise<string[]>;
}

/** The names that the tag fields of the dialogs offer. */
export class TagPicker {
  /** By client, so that a redeployed connection is read anew. */
  readonly #cache = new WeakMap<Client, CachedTags>();

  constructor(private readonly RED: NodeAPI) {}

  /**
   * The names of the account's tags as a deployed connection sees them.
   * @param id the connection
   * @throws {NrfCloudError} every failure
   */
  async names(id: unknown): Promise<string[]> {
    const client = clientOf(this.RED, id, 'list tags');
    const cached = this.#cache.get(client);
    if (cached !== undefined && Date.now() - cached.at < CACHE_MS) return cached.names;
    const api = new Api(client, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS), lane: 'tag picker' });
    const requested: CachedTags = { at: Date.now(), names: namesOf(api) };
    this.#cache.set(client, requested);
    try {
      return await requested.names;
    } catch (error) {
      // The next request may succeed.
      this.#cache.delete(client);
      throw error;
    }
  }
}

async function namesOf(api: Api): Promise<string[]> {
  return (await readTagNames(api)).names;
}
