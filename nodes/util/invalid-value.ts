/**
 * A value that cannot be used. Its message is the predicate of a sentence whose subject is the source of the value, for
 * example `is a UUID; enter the claim token`; it never quotes the value unfiltered.
 */
export class InvalidValue extends Error {
  /** @param field the field of an object that holds the value, if the value is not the whole source */
  constructor(
    predicate: string,
    readonly field?: string,
  ) {
    super(predicate);
    this.name = 'InvalidValue';
  }
}
