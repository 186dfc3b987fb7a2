import { InvalidValue } from '../util/invalid-value';
import { isObject } from '../util/json';
import { sanitize } from '../util/sanitize';
import { bytesOf } from './bytes';
import { parseClaimToken, type ClaimToken } from './claim-token';
import { describeKeys, listKeys } from './describe-keys';
import { columnName } from './rows/header-words';
import { parseTags } from './tags';

/**
 * Reads the input of a single claim: a claim token, or `{ claimToken, tags? }`.
 * @returns the token and the object's own tags
 * @throws {InvalidValue} for anything else; it names what the value is and which node takes it
 */
export function parseClaimInput(value: unknown): ClaimToken & { tags: string[] } {
  if (Array.isArray(value)) {
    throw new InvalidValue('is an array; use a bulk claim node, or a split node before this one');
  }
  if (!isObject(value) || bytesOf(value) !== undefined) {
    const { claimToken, deviceId } = parseClaimToken(value);
    return { claimToken, deviceId, tags: [] };
  }
  if (value['claimToken'] === undefined) throw new InvalidValue(describeObject(value));
  if (value['tag'] !== undefined) throw new InvalidValue('has "tag"; put all tags of the device into "tags"');
  const token = inField('claimToken', () => parseClaimToken(value['claimToken']));
  return { ...token, tags: inField('tags', () => parseTags(value['tags'])) };
}

function inField<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidValue) throw new InvalidValue(error.message, field);
    throw error;
  }
}

/** Names an object without `claimToken`. */
function describeObject(value: Record<string, unknown>): string {
  const keys = Object.keys(value);
  if (keys.length === 0) return 'is an empty object; enter the claim token as text, or { claimToken, tags? }';
  if (keys.includes('bulkOpsRequestId') || keys.includes('claimedIds')) {
    return 'is an upload of a bulk claim node; wire it into a bulk status node';
  }
  if (keys.includes('failedUploads')) return 'is the summary of a bulk claim node; its devices are claimed already';
  const token = keys.find((key) => columnName(key) === 'token');
  if (token !== undefined && keys.some((key) => columnName(key) === 'other')) {
    return `is a row of a CSV with the columns ${listKeys(keys)}; set the node's claim token to its property "${sanitize(token)}", or send all rows to a bulk claim node`;
  }
  return `is ${describeKeys(keys)}; use claimToken`;
}
