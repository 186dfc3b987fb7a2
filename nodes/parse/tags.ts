import { InvalidValue } from '../util/invalid-value';
import { describeType } from '../util/json';

/** Most characters of a tag (guide). */
export const MAX_TAG_LENGTH = 100;

/** What cannot be seen: control and format characters, and fillers that are drawn as nothing. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/u;
/** Characters that are part of what is seen: a joiner or variation selector of an emoji, and the letters of a flag. */
const EMOJI_PARTS = new RegExp(
  [
    '(?<=\\p{Extended_Pictographic}|\\p{Emoji_Modifier}|\\ufe0f)\\u200d(?=\\p{Extended_Pictographic})',
    '(?<=\\p{Extended_Pictographic})[\\ufe0e\\ufe0f]',
    '(?<=[0-9#*])\\ufe0f(?=\\u20e3)',
    '(?<=\\u{1f3f4})[\\u{e0020}-\\u{e007e}]+\\u{e007f}',
  ].join('|'),
  'gu',
);
const EDGE = '[\\s\\u00ad\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]';
const EDGES = new RegExp(`^${EDGE}+|(?<!${EDGE})${EDGE}+$`, 'g');
/** Only plain text of one line: nothing to clean or to refuse (hot path). */
const PLAIN = /^[!#-+\--~]([ -+\--~]*[!#-+\--~])?$/;
const DOUBLE_QUOTES = '\u201c\u201d\u201e\u201f\u00ab\u00bb';
/** Curly quotes around a text, and none within. */
const IN_DOUBLE_QUOTES = new RegExp(`^[${DOUBLE_QUOTES}]([^${DOUBLE_QUOTES}]*)[${DOUBLE_QUOTES}]$`, 's');
const IN_SINGLE_QUOTES = /^[\u2018\u201a\u201b]([^\u2018\u201a\u201b]*)[\u2018\u2019]$/s;
/** One curly quote at an end, and none that belongs to it. A closing single quote may be an apostrophe. */
const HALF_QUOTED = new RegExp(
  `^[${DOUBLE_QUOTES}][^${DOUBLE_QUOTES}]*$|^[^${DOUBLE_QUOTES}]*[${DOUBLE_QUOTES}]$|^[\u2018\u201a\u201b][^\u2018\u2019]*$`,
  's',
);
const JSON_LIST = /^\[\s*(?:"|\]$)/;
const JSON_TEXT = /^(?:\[\s*["\]]|\{\s*["}])/;

/**
 * Reads tags as people give them: comma-separated text, the JSON text of a list, or an array. They are trimmed; empty
 * tags and duplicates are dropped. In an array a comma is part of the tag.
 * @throws {InvalidValue} for another value, and for a tag that is longer than {@link MAX_TAG_LENGTH} characters, or holds
 *   a control or invisible character (line breaks and tabs within a tag, too), a single curly quote at an end, or JSON text
 */
export function parseTags(...sources: unknown[]): string[] {
  const tags = new Set<string>();
  for (const source of sources) {
    for (const item of itemsOf(source)) {
      const text = textOf(item);
      // A text of nothing but commas has as many empty tags.
      if (text === '') continue;
      const tag = PLAIN.test(text) ? text : cleanTag(text);
      if (tag !== '') tags.add(checkTag(tag));
    }
  }
  return [...tags];
}

/**
 * Reads the tags of a chosen source, like {@link parseTags}.
 * @throws {InvalidValue} also if the source has no value: tags cannot be added later
 */
export function parseChosenTags(source: unknown, ...before: unknown[]): string[] {
  if (source !== undefined) return parseTags(...before, source);
  throw new InvalidValue('is missing; set it to tags, or to empty text for no tags, as tags cannot be added later');
}

function cleanTag(text: string): string {
  return withoutQuotes(text.replace(EDGES, ''));
}

/** Drops curly quotes around a text, as word processors put them. */
function withoutQuotes(text: string): string {
  return (IN_DOUBLE_QUOTES.exec(text) ?? IN_SINGLE_QUOTES.exec(text))?.[1]?.trim() ?? text;
}

function checkTag(tag: string): string {
  const length = lengthOf(tag);
  if (length > MAX_TAG_LENGTH) {
    throw new InvalidValue(`holds a tag of ${length} characters; at most ${MAX_TAG_LENGTH} are allowed`);
  }
  if (JSON_TEXT.test(tag)) throw new InvalidValue('holds JSON text as a tag; enter the tags as text or as an array');
  if (PLAIN.test(tag)) return tag;
  if (tag.includes('\ufffd')) throw new InvalidValue('holds a tag that is not UTF-8; save the file as UTF-8');
  if (/\p{Surrogate}/u.test(tag)) {
    throw new InvalidValue('holds a tag with half of a surrogate pair; enter it as whole characters');
  }
  if (INVISIBLE.test(tag.replace(EMOJI_PARTS, ''))) {
    throw new InvalidValue('holds a tag with a control or invisible character; remove it');
  }
  if (HALF_QUOTED.test(tag)) {
    throw new InvalidValue('holds a tag with a curly quote at one end only; remove the quote');
  }
  return tag;
}

/** Characters as a person counts them: an emoji is one, though JavaScript stores two units. */
function lengthOf(tag: string): number {
  // A text that is far too long either way is not worth a list of its characters.
  return tag.length > MAX_TAG_LENGTH && tag.length <= 10 * MAX_TAG_LENGTH ? Array.from(tag).length : tag.length;
}

function itemsOf(source: unknown): unknown[] {
  if (source === undefined || source === null || source === '') return [];
  if (typeof source === 'string') return splitText(source);
  if (Array.isArray(source)) return source;
  throw new InvalidValue(`is ${describeType(source)}; enter comma-separated text or an array of texts`);
}

function splitText(source: string): unknown[] {
  const text = source.trim();
  if (JSON_LIST.test(text)) return parseList(text);
  return withoutQuotes(text).split(',');
}

/** @param text JSON text that begins with `[` */
function parseList(text: string): unknown[] {
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    throw new InvalidValue('is JSON text that cannot be read; enter comma-separated text or an array of texts');
  }
}

function textOf(item: unknown): string {
  if (typeof item === 'string') return item;
  if (typeof item === 'number' || typeof item === 'boolean') return String(item);
  if (item === null || item === undefined) return '';
  throw new InvalidValue(`holds a tag that is ${describeType(item)}; enter each tag as text`);
}
