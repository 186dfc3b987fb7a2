/** Most levels of arrays and objects within each other; our choice, far below what Node-RED can still copy (some 2000). */
const MAX_JSON_DEPTH = 500;

/**
 * Reads JSON that came from elsewhere. `JSON.parse` takes any number of levels, but Node-RED copies messages by recursion,
 * and ends when that runs out of stack: text that is nested too deep is refused as if it were no JSON.
 * @throws {SyntaxError}
 */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new SyntaxError(`more than ${MAX_JSON_DEPTH} levels`);
  return JSON.parse(text) as unknown;
}

function isTooDeep(text: string): boolean {
  // Each level takes two characters, and begins with a bracket: most bodies need no closer look.
  if (text.length <= 2 * MAX_JSON_DEPTH) return false;
  if (count(text, '{') + count(text, '[') <= MAX_JSON_DEPTH) return false;
  let levels = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '[' || character === '{') {
      if (++levels > MAX_JSON_DEPTH) return true;
    } else if (character === ']' || character === '}') levels--;
  }
  return false;
}

/** How often a character occurs in a text; counted no further than needed. */
function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0 && found <= MAX_JSON_DEPTH; at = text.indexOf(character, at + 1))
    found++;
  return found;
}

/** The position of the quote that closes a string; one after an odd number of backslashes does not. */
function endOfString(text: string, opening: number): number {
  for (let quote = text.indexOf('"', opening + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let before = quote;
    while (text[before - 1] === '\\') before--;
    if ((quote - before) % 2 === 0) return quote;
  }
  return text.length;
}

/** Bytes of a long list that are read at once. */
const PIECE_BYTES = 64 * 1024;
const BETWEEN_OBJECTS = '},{';
/** The first byte of a list. */
const LIST = 0x5b;

/**
 * Reads JSON as `JSON.parse` does, but a long list of objects in pieces. V8 puts what it reads from a text of 100 KiB into
 * the memory that it collects rarely, where lists that are read one after another would pile up.
 * @throws {SyntaxError}
 */
export function parseLargeJson(json: Buffer): unknown {
  if (json[0] !== LIST) return JSON.parse(json.toString()) as unknown;
  const items: unknown[] = [];
  let from = 1;
  let size = PIECE_BYTES;
  while (json.length - from > size) {
    const end = json.indexOf(BETWEEN_OBJECTS, from + size);
    if (end < 0) break;
    const piece = parseItems(`[${json.toString('utf8', from, end + 1)}]`);
    // These characters were within a text or a nested list: then the piece is not JSON, and the next one is longer.
    if (piece === undefined) size *= 2;
    else {
      for (const item of piece) items.push(item);
      from = end + 2;
      size = PIECE_BYTES;
    }
  }
  for (const item of JSON.parse(`[${json.toString('utf8', from)}`) as unknown[]) items.push(item);
  return items;
}

/** The items of a list; `undefined` if the text is not JSON. */
function parseItems(list: string): unknown[] | undefined {
  try {
    return JSON.parse(list) as unknown[];
  } catch {
    return undefined;
  }
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value that was written as JSON is the same again when it is read: no Date, Buffer, Map, NaN or function in it. */
export function survivesJson(value: unknown): boolean {
  try {
    return isPlainJson(value);
  } catch {
    // A getter or Proxy throws, or it is nested so deep that the stack runs out, although `JSON.stringify` takes it.
    return false;
  }
}

function isPlainJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object' || value === null)
    return value === null || ['string', 'boolean'].includes(typeof value);
  if (Array.isArray(value)) {
    const list = value as unknown[];
    return Object.keys(list).length === list.length && list.every(isPlainJson);
  }
  // A Function node's objects have another prototype, which is the last one, too.
  const prototype = Object.getPrototypeOf(value) as object | null;
  const isPlain = prototype !== null && Object.getPrototypeOf(prototype) === null;
  return isPlain && Object.values(value).every(isPlainJson);
}

/** What a value is, in words for a person. */
export function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'an array';
  if (Buffer.isBuffer(value)) return 'a Buffer';
  return (
    { object: 'an object', number: 'a number', boolean: 'true or false', string: 'text' }[typeof value as string] ??
    typeof value
  );
}
