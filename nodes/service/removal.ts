import type { Reply } from './usable';
import { NrfCloudError } from './errors';

/**
 * A removal whose reply was lost, and which now finds nothing to remove, has succeeded.
 * @throws {NrfCloudError} every other failure
 */
export async function removed(removal: Promise<Reply>): Promise<Reply> {
  try {
    return await removal;
  } catch (error) {
    if (!(error instanceof NrfCloudError) || error.code !== 'NRFCLOUD_NOT_FOUND' || !error.uncertain) throw error;
    return { statusCode: error.cause.statusCode ?? 404, body: undefined };
  }
}
