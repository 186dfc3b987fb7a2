import { kindOf } from './claim-token';

/** Most characters of a tag (source: guide). */
export const MAX_TAG_LENGTH = 100;

/** Why tags can't be used, in words: `a tag has 101 characters; …`. */
export class InvalidTag extends Error {}

/**
 * Reads tags as people give them: comma-separated text, or an array. They are trimmed; empty ones and duplicates are
 * dropped. In an array a comma is part of the tag.
 * @throws {InvalidTag} for a value that is neither, or a tag longer than {@link MAX_TAG_LENGTH} characters
 */
export function parseTags(...sources: unknown[]): string[] {
  const tags = new Set<string>();
  for (const source of sources) {
    for (const item of itemsOf(source)) {
      const tag = textOf(item).trim();
      if (tag === '') continue;
      const length = lengthOf(tag);
      if (length > MAX_TAG_LENGTH) {
        throw new InvalidTag(`a tag has ${length} characters; ${MAX_TAG_LENGTH} are allowed`);
      }
      if (/\p{Surrogate}/u.test(tag)) {
        throw new InvalidTag(
          'a tag holds half of a surrogate pair, which no text can carry; give it as whole characters',
        );
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
  throw new InvalidTag(`the tags are ${kindOf(source)}; give comma-separated text or an array of texts`);
}

function textOf(item: unknown): string {
  if (typeof item === 'string') return item;
  if (typeof item === 'number' || typeof item === 'boolean') return String(item);
  if (item === null || item === undefined) return '';
  throw new InvalidTag(`a tag is ${kindOf(item)}; give each tag as text`);
}
