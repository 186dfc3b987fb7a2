import { InvalidValue } from '../util/invalid-value';
import { describeType } from '../util/json';
import { parseTags } from './tags';

/**
 * Reads the name of one tag; a comma is part of it.
 * @throws {InvalidValue} for a value that is not text (a number or boolean is a mistake in a flow, and would create a tag
 *   of that name), and for text that is empty or not a tag
 */
export function parseTagName(value: unknown): string {
  if (value !== undefined && value !== null && typeof value !== 'string') {
    throw new InvalidValue(`is ${describeType(value)}; enter the name of a tag as text`);
  }
  const [name] = parseTags([value]);
  if (name === undefined) throw new InvalidValue('holds no tag; enter the name of a tag');
  return name;
}
