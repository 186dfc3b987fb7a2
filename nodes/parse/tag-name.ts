import { InvalidValue } from '../util/invalid-value';
import { parseTags } from './tags';

/**
 * Reads the name of one tag; a comma is part of it.
 * @throws {InvalidValue} for what is not text, empty, or too long
 */
export function parseTagName(value: unknown): string {
  const [name] = parseTags([value]);
  if (name === undefined) throw new InvalidValue('holds no tag; enter the name of a tag');
  return name;
}
