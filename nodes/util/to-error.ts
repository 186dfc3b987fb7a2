import { isNativeError } from 'node:util/types';

/**
 * What was thrown, as an Error whose name and message can be read. Getters and Proxies of a message throw whatever they
 * like, also what cannot be turned into text or even be looked at.
 */
export function toError(thrown: unknown): Error {
  try {
    if (isNativeError(thrown)) {
      const { name, message }: { name: unknown; message: unknown } = thrown;
      return typeof name === 'string' && typeof message === 'string' ? thrown : new Error(String(message));
    }
    return new Error(String(thrown));
  } catch {
    return new Error('something without words was thrown');
  }
}
