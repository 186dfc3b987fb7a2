import type { OperationName } from '../api/endpoints';
import { invalidInput } from '../api/errors';
import { sanitize } from '../util/sanitize';

/** The service's response, ready to go into a message. */
export interface OperationResult {
  payload: unknown;
  statusCode: number;
  /** Message properties beside the result. */
  properties?: Record<string, unknown>;
}

/** Whether a node has an operation of this name. */
export function isOperation<T extends object>(table: T, word: unknown): word is keyof T & string {
  return typeof word === 'string' && Object.hasOwn(table, word);
}

/**
 * Which operation a message is for: the one chosen in the dialog, or, if that is `msg`, the one of `msg.operation`.
 * @param requested the value of `msg.operation`
 * @param fallback what to name in the error, as nothing else is known
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
 */
export function chooseOperation<T extends object>(
  table: T,
  chosen: (keyof T & string) | 'msg',
  requested: unknown,
  fallback: OperationName,
): keyof T & string {
  if (chosen !== 'msg') return chosen;
  const word = typeof requested === 'string' ? requested.trim() : requested;
  if (isOperation(table, word)) return word;
  const what =
    word === undefined ? 'is missing' : `is ${typeof word === 'string' ? `"${sanitize(word)}"` : 'not text'}`;
  throw invalidInput(fallback, `msg.operation ${what}; set it to one of ${Object.keys(table).join(', ')}`);
}

/** The result of an operation whose response has no body. */
export function acknowledgement(id: unknown, operation: string): { id: unknown; operation: string } {
  return { id, operation };
}
