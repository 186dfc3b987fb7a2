import { sanitize } from '../util/sanitize';

/** Most keys of an object that an error names. */
const MAX_NAMED_KEYS = 8;

/** The keys of an object for an error: `a, b`; of many keys the first ones and an ellipsis. */
export function listKeys(keys: readonly string[]): string {
  const named = keys.slice(0, MAX_NAMED_KEYS).map((key) => sanitize(key));
  return named.join(', ') + (keys.length > named.length ? ', …' : '');
}

/** An object for an error: `an object with the keys a, b`. */
export function describeKeys(keys: readonly string[]): string {
  return `an object with ${keys.length === 1 ? 'the key' : 'the keys'} ${listKeys(keys)}`;
}
