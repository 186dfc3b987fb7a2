import type { ApiResponse } from './parse-response';
import { NrfCloudError } from './errors';

/**
 * A removal whose response was lost, and which now finds nothing to remove, has succeeded.
 * @throws {NrfCloudError} every other failure
 */
export async function acceptAlreadyRemoved(removal: Promise<ApiResponse>): Promise<ApiResponse> {
  try {
    return await removal;
  } catch (error) {
    if (!(error instanceof NrfCloudError) || error.code !== 'NRFCLOUD_NOT_FOUND' || !error.mayHaveSucceeded)
      throw error;
    return { statusCode: error.cause.statusCode ?? 404, body: undefined };
  }
}
