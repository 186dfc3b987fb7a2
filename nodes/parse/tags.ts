import { InvalidValue } from '../util/invalid-value';
import { describeType } from '../util/json';

/** Most characters of a tag (source: guide). */
export const MAX_TAG_LENGTH = 100;

/**
 * Reads tags as people give them: comma-separated text, or an array. They are trimmed; empty ones and duplicates are
 * dropped. In an array a comma is part of the tag.
 * @throws {InvalidValue} for a value that is neither, or a tag longer than {@link MAX_TAG_LENGTH} characters
 */
export function parseTags(...sources: unknown[]): string[] {
  const tags = new Set<string>();
  for (const source of sources) {
    for (const item of itemsOf(source)) {
      const tag = textOf(item).trim();
      if (tag === '') continue;
      const length = lengthOf(tag);
      if (length > MAX_TAG_LENGTH) {
        throw new InvalidValue(`holds a tag of ${length} characters; at most ${MAX_TAG_LENGTH} are allowed`);
      }
      if (/\p{Surrogate}/u.test(tag)) {
        throw new InvalidValue('holds a tag with half of a surrogate pair; enter it as whole characters');
      }
      tags.add(tag);
    }
  }
  return [...tags];
}

/** Characters as a person counts them: an emoji is one, though JavaScript stores two units. */
function lengthOf(tag: string): number {
  // What is far too long either way is not worth a list of its characters.
  return tag.length > MAX_TAG_LENGTH && tag.length <= 10 * MAX_TAG_LENGTH ? Array.from(tag).length : tag.length;
}

function itemsOf(source: unknown): unknown[] {
  if (source === undefined || source === null || source === '') return [];
  if (typeof source === 'string') return source.split(',');
  if (Array.isArray(source)) return source;
  throw new InvalidValue(`is ${describeType(source)}; enter comma-separated text or an array of texts`);
}

function textOf(item: unknown): string {
  if (typeof item === 'string') return item;
  if (typeof item === 'number' || typeof item === 'boolean') return String(item);
  if (item === null || item === undefined) return '';
  throw new InvalidValue(`holds a tag that is ${describeType(item)}; enter each tag as text`);
}
