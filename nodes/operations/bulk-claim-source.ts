import { setImmediate } from 'node:timers/promises';
import { bytesOf, textOfBytes } from '../parse/bytes';
import { fileIdentity, type FileIdentity } from '../parse/rows/source';
import type { RowSource } from '../parse/rows';
import { InvalidValue } from '../util/invalid-value';

/** Characters, bytes or items of content in one part of a record. */
const TEXT_PART = 256 * 1024;
const BYTES_PART = 192 * 1024;
const ITEMS_PART = 500;

/**
 * A file before a restart, as it is now; `undefined` if it is not what it was. Its inode may be another one, as some
 * network file systems number theirs anew.
 */
export async function findSameFile(was: FileIdentity): Promise<FileIdentity | undefined> {
  try {
    const is = await fileIdentity(was.path);
    const isSame = is.size === was.size && is.mtimeMs === was.mtimeMs && is.sha256OfEnds === was.sha256OfEnds;
    return isSame ? is : undefined;
  } catch (error) {
    if (error instanceof InvalidValue) return undefined;
    throw error;
  }
}

/** Content as JSON values for the parts of a record; `undefined` for what cannot be recorded. */
export function contentParts(
  value: unknown,
): { kind: 'text' | 'bytes' | 'items'; parts: Iterable<unknown> | AsyncIterable<unknown> } | undefined {
  if (typeof value === 'string') return { kind: 'text', parts: textParts(value) };
  const bytes = bytesOf(value);
  if (bytes !== undefined) return { kind: 'bytes', parts: bytesParts(bytes) };
  return Array.isArray(value) ? { kind: 'items', parts: itemsParts(value) } : undefined;
}

/** The content of a record as a source of rows. */
export async function contentSource(
  kind: string,
  parts: AsyncIterable<unknown>,
  firstPart: number,
): Promise<RowSource> {
  const values: unknown[] = [];
  let index = 0;
  for await (const part of parts) if (index++ >= firstPart) values.push(part);
  if (kind === 'items') return { kind: 'value', value: values.flat(1) };
  if (kind === 'text') return { kind: 'value', value: values.join('') };
  return { kind: 'value', value: Buffer.concat(values.map((part) => Buffer.from(String(part), 'base64'))) };
}

function* textParts(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += TEXT_PART) yield text.slice(at, at + TEXT_PART);
}

function* bytesParts(bytes: Buffer): Generator<string> {
  for (let at = 0; at < bytes.length; at += BYTES_PART) yield bytes.toString('base64', at, at + BYTES_PART);
}

async function* itemsParts(items: readonly unknown[]): AsyncGenerator<unknown[]> {
  for (let at = 0; at < items.length; at += ITEMS_PART) {
    yield items.slice(at, at + ITEMS_PART).map(jsonItem);
    await setImmediate();
  }
}

/** An item as JSON can hold it, bytes as text; what it cannot hold is not a row with a token either. */
function jsonItem(item: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(item, bytesAsText)) as unknown;
  } catch {
    return null;
  }
}

/** For `JSON.stringify`, which calls `toJSON` of a Buffer before it passes the value. */
function bytesAsText(this: Record<string, unknown>, key: string, value: unknown): unknown {
  return textOfBytes(this[key]) ?? value;
}
