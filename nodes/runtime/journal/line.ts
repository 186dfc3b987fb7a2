import { crc32 } from 'node:zlib';
import { parseLargeJson } from '../../util/json';
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
/** The large value is the last field; text in JSON cannot hold these quotes unescaped. */
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
  const text = verified(line);
  if (text === undefined) return undefined;
  const head = readHead(text);
  if (head.kind !== 'part') return JSON.parse(text.toString()) as Entry;
  return { ...head, value: parseLargeJson(text.subarray(text.indexOf(VALUE) + VALUE.length, -1)) };
}

/** Reads what a line is about, without its large value; `undefined` if the line is damaged. */
export function decodeHead(line: Buffer): EntryHead | undefined {
  const text = verified(line);
  return text === undefined ? undefined : readHead(text);
}

function readHead(text: Buffer): EntryHead {
  const value = text.indexOf(VALUE);
  return JSON.parse(value < 0 ? text.toString() : `${text.toString('utf8', 0, value)}}`) as EntryHead;
}

/** The bytes of the entry, if the checksum is theirs: then they are what was written, and JSON. */
function verified(line: Buffer): Buffer | undefined {
  const text = line.subarray(ENTRY_OFFSET, line.length - 1);
  const written = line.toString('latin1', PREFIX.length, PREFIX.length + 8);
  return text.length > 0 && checksum(text) === written ? text : undefined;
}

function checksum(text: Buffer): string {
  return crc32(text).toString(16).padStart(8, '0');
}
