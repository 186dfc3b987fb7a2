import { invalidInput } from '../service/errors';
import type { OperationName } from '../service/paths';
import { quote } from '../service/quote';

/** The words for a node's operations, each with the service's operation that stands in its errors. */
export type OperationTable<T extends string> = Readonly<Record<T, OperationName>>;

/** What the service answered, ready to go into a message. */
export interface OperationResult {
  payload: unknown;
  statusCode: number;
}

/** Whether a node has an operation of this name. */
export function isOperation<T extends string>(table: OperationTable<T>, word: unknown): word is T {
  return typeof word === 'string' && Object.hasOwn(table, word);
}

/**
 * Which operation a message is for: the one chosen in the dialog, or, if that is `msg`, the one of `msg.operation`.
 * @param asked the value of `msg.operation`
 * @param fallback what to name in the error, as nothing else is known
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
 */
export function chooseOperation<T extends string>(
  table: OperationTable<T>,
  chosen: T | 'msg',
  asked: unknown,
  fallback: OperationName,
): T {
  if (chosen !== 'msg') return chosen;
  const word = typeof asked === 'string' ? asked.trim() : asked;
  if (isOperation(table, word)) return word;
  const what = word === undefined ? 'is missing' : `is ${typeof word === 'string' ? `"${quote(word)}"` : 'not text'}`;
  throw invalidInput(fallback, `msg.operation ${what}; set it to one of ${Object.keys(table).join(', ')}`);
}

/** What a message gets when the service answers without a body. */
export function acknowledged(id: unknown, operation: string): { id: unknown; operation: string } {
  return { id, operation };
}
