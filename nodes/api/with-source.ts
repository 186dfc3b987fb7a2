import { InvalidValue } from '../util/invalid-value';
import type { OperationName } from './endpoints';
import { sanitize } from '../util/sanitize';
import { toError } from '../util/to-error';
import { invalidInput, NrfCloudError } from './errors';

/**
 * Reads an input and names its source if it cannot be used.
 * @param source where the value comes from, in words for an error, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` in place of an {@link InvalidValue}
 */
export function withSource<T>(operation: OperationName, source: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidValue || error instanceof NrfCloudError) throw namedSource(operation, source, error);
    // A getter of the value throws whatever it likes.
    throw invalidInput(
      operation,
      `${source} cannot be read (${sanitize(toError(error).message)}); set it to a plain value`,
    );
  }
}

/** An {@link InvalidValue} as an error that names the source; anything else as it is. */
export function namedSource(operation: OperationName, source: string, error: unknown): unknown {
  if (!(error instanceof InvalidValue)) return error;
  const subject = error.field === undefined ? source : `${error.field} of ${source}`;
  return invalidInput(operation, `${subject} ${describeMissing(subject, error.message)}`);
}

/** An expression without a result gives nothing; a property without a value is missing. */
function describeMissing(subject: string, predicate: string): string {
  return subject.endsWith('JSONata expression') ? predicate.replace(/^is missing(?=;)/, 'gives nothing') : predicate;
}
