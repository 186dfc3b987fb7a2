import { crc32 } from 'node:zlib';
import { isObject, parseLargeJson } from '../../util/json';
import { JsonText } from './record-store';

/** An entry of the journal. Parts have lines of their own, so that a change of state does not write them again. */
export type Entry =
  | { kind: 'state'; node: string; key: string; parts: number; state: Record<string, unknown> }
  | { kind: 'removed'; node: string; key: string }
  /** The value is read as it was before it became a {@link JsonText}. */
  | { kind: 'part'; node: string; key: string; index: number; value: unknown };

/** What a scan needs to know of an entry. */
export type EntryHead =
  | { kind: 'state'; node: string; key: string; parts: number }
  | { kind: 'removed'; node: string; key: string }
  | { kind: 'part'; node: string; key: string; index: number };

/** What an entry is about, without its values, which may be large. */
export function headOf(entry: Entry): EntryHead {
  const { kind, node, key } = entry;
  if (kind === 'state') return { kind, node, key, parts: entry.parts };
  return kind === 'part' ? { kind, node, key, index: entry.index } : { kind, node, key };
}

/** A line is `{"crc":"01234567","entry":<entry>}`; the checksum is that of the entry's bytes. */
const PREFIX = '{"crc":"';
const ENTRY_OFFSET = '{"crc":"01234567","entry":'.length;
/** How the entry of a part begins. */
const PART = '{"kind":"part",';
/** The value of a part is its last field; text in JSON cannot hold these quotes unescaped. */
const VALUE = ',"value":';
const END = '}\n';

/** Writes an entry as a line, with its line break. */
export function encodeLine(entry: Entry): Buffer {
  const texts = entryTexts(entry);
  const line = Buffer.allocUnsafe(texts.reduce((sum, { length }) => sum + length, ENTRY_OFFSET + END.length));
  let end = ENTRY_OFFSET;
  for (const text of texts) end += text.copy(line, end);
  line.write(`${PREFIX}${checksum(line.subarray(ENTRY_OFFSET, end))}","entry":`);
  line.write(END, end);
  return line;
}

function entryTexts(entry: Entry): Buffer[] {
  if (entry.kind !== 'part' || !(entry.value instanceof JsonText)) return [Buffer.from(JSON.stringify(entry))];
  const { value, ...head } = entry;
  return [Buffer.from(`${JSON.stringify(head).slice(0, -1)}${VALUE}`), value.bytes, Buffer.from('}')];
}

/** Reads a line without its line break; `undefined` if it is damaged. */
export function decodeLine(line: Buffer): Entry | undefined {
  return decode(line, (text) => {
    const head = readHead(text);
    if (head?.kind !== 'part') return head as Entry | undefined;
    return { ...head, value: parseLargeJson(text.subarray(text.indexOf(VALUE) + VALUE.length, -1)) };
  });
}

/** Reads what a line is about, without its large value; `undefined` if the line is damaged. */
export function decodeHead(line: Buffer): EntryHead | undefined {
  return decode(line, readHead);
}

function decode<R>(line: Buffer, read: (text: Buffer) => R | undefined): R | undefined {
  const text = verified(line);
  if (text === undefined) return undefined;
  try {
    return read(text);
  } catch {
    // A line that is not JSON in spite of its checksum must not take the others with it.
    return undefined;
  }
}

/**
 * Reads all of an entry but the value of a part: only that is left out, as fields of a state may have any name.
 * @returns `undefined` if it is not an entry of this version
 * @throws {SyntaxError}
 */
function readHead(text: Buffer): EntryHead | undefined {
  const isPart = text.toString('latin1', 0, PART.length) === PART;
  const json = isPart ? `${text.toString('utf8', 0, text.indexOf(VALUE))}}` : text.toString();
  const entry = JSON.parse(json) as unknown;
  return isEntry(entry) ? entry : undefined;
}

function isEntry(value: unknown): value is EntryHead {
  if (!isObject(value) || typeof value['node'] !== 'string' || typeof value['key'] !== 'string') return false;
  if (value['kind'] === 'state') return isCount(value['parts']) && isObject(value['state']);
  return value['kind'] === 'removed' || (value['kind'] === 'part' && isCount(value['index']));
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The bytes of the entry, if the checksum is theirs: then they are what was written. */
function verified(line: Buffer): Buffer | undefined {
  const text = line.subarray(ENTRY_OFFSET, line.length - 1);
  const written = line.toString('latin1', PREFIX.length, PREFIX.length + 8);
  return text.length > 0 && checksum(text) === written ? text : undefined;
}

function checksum(text: Buffer): string {
  return crc32(text).toString(16).padStart(8, '0');
}
