import { invalidInput } from '../service/errors';
import type { OperationName } from '../service/paths';
import { InvalidTag, parseTags } from './tags';

/**
 * Reads the name of one tag; a comma is part of it.
 * @param where names the source in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` for what is no text, empty, or too long
 */
export function parseTagName(value: unknown, where: string, operation: OperationName): string {
  let names: string[];
  try {
    names = parseTags([value]);
  } catch (error) {
    if (error instanceof InvalidTag) throw invalidInput(operation, `${where} cannot be used: ${error.message}`);
    throw error;
  }
  const [name] = names;
  if (name === undefined) throw invalidInput(operation, `${where} holds no tag; give the name of a tag`);
  return name;
}
