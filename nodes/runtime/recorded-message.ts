import type { NodeMessage } from 'node-red';
import { isObject } from '../util/json';
import { JsonText, type RecordParts, type RecordState } from './journal/record-store';

/** Properties whose JSON is longer than this are parts of their own; in characters. */
const MAX_SMALL_PROPERTY = 512;
/**
 * A property that takes more in JSON is not recorded; in bytes. The rows of the largest upload take less, and the journal
 * reads lines of 64 MiB. Our choice.
 */
const MAX_PROPERTY_BYTES = 60 * 2 ** 20;
/** Bytes are written as numbers, which takes as long as text of this length: 2 MiB of them stop Node-RED for 0.25 s. */
const COST_OF_BYTE = MAX_PROPERTY_BYTES / (2 * 2 ** 20);
/** Characters of a number, and of what JSON puts around a name. */
const COST_OF_NUMBER = 16;
const COST_OF_NAME = 4;

/**
 * What a record holds beside the work's own state, and does not change. The message is in the record's parts, before those
 * of the work: its small properties as one object, then each large one.
 */
export interface MessageRecord extends RecordState {
  version: 2;
  /** The names of the large properties. */
  large: readonly string[];
}

/** A message as its record holds it: as JSON, without the HTTP request and response. */
export interface RecordedMessage {
  record: MessageRecord;
  small: JsonText;
  large: readonly JsonText[];
  /** The names of properties that are left out because of their size. */
  tooLarge: readonly string[];
}

/** Shared by all messages without large properties, as thousands of them may be pending. */
const WITHOUT_LARGE: MessageRecord = { version: 2, large: [] };

/** @param without properties that are not recorded */
export function toRecord(msg: NodeMessage, without: readonly string[] = []): RecordedMessage {
  const small: string[] = [];
  const names: string[] = [];
  const large: JsonText[] = [];
  const tooLarge: string[] = [];
  for (const name of Object.keys(msg)) {
    if (name === 'req' || name === 'res' || without.includes(name)) continue;
    try {
      const value = (msg as unknown as Record<string, unknown>)[name];
      if (leftAfter(value, MAX_PROPERTY_BYTES) < 0) {
        tooLarge.push(name);
        continue;
      }
      const json = JSON.stringify(value) as string | undefined;
      if (json === undefined) continue;
      if (name === '_msgid' || json.length <= MAX_SMALL_PROPERTY) small.push(`${JSON.stringify(name)}:${json}`);
      else {
        const text = new JsonText(json);
        if (text.bytes.length > MAX_PROPERTY_BYTES) tooLarge.push(name);
        else {
          names.push(name);
          large.push(text);
        }
      }
    } catch {
      // A property that JSON cannot hold stays behind; the work can be finished without it.
    }
  }
  const record = names.length === 0 ? WITHOUT_LARGE : { ...WITHOUT_LARGE, large: names };
  return { record, small: new JsonText(`{${small.join()}}`), large, tooLarge };
}

/**
 * Estimates what the JSON of a value takes, as writing it to find out would stop Node-RED for seconds.
 * @param left what it may take
 * @returns what is left of that; less than 0 if it takes more
 * @throws {RangeError} if it holds itself
 */
function leftAfter(value: unknown, left: number): number {
  if (typeof value === 'string') return left - value.length;
  if (typeof value !== 'object' || value === null) return left - COST_OF_NUMBER;
  if (ArrayBuffer.isView(value)) return left - value.byteLength * COST_OF_BYTE;
  // JSON has what it gives instead of itself, which may be far less.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return left;
  let rest = left;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && rest >= 0; index++) rest = leftAfter(value[index], rest);
    return rest;
  }
  for (const name of Object.keys(value)) {
    rest = leftAfter((value as Record<string, unknown>)[name], rest - name.length - COST_OF_NAME);
    if (rest < 0) break;
  }
  return rest;
}

/** The parts of a new record: the message, then what belongs to the work. */
export async function* recordParts({ small, large }: RecordedMessage, parts: RecordParts): AsyncGenerator {
  yield small;
  yield* large;
  yield* parts;
}

/** What a record that was read holds beside the work. */
export function fixedFields(state: RecordState): RecordState {
  const record = { ...state };
  delete record['work'];
  return isOfVersion1(record) || largeNames(record).length > 0 ? record : WITHOUT_LARGE;
}

/** How many of a record's parts belong to its message. */
export function countMessageParts(record: RecordState): number {
  return isOfVersion1(record) ? 0 : largeNames(record).length + 1;
}

/**
 * Reads the message of a record.
 * @param parts those of the record
 * @param whole also its large properties
 */
export async function readMessage(
  record: RecordState,
  parts: AsyncIterable<unknown>,
  whole: boolean,
): Promise<Record<string, unknown>> {
  if (isOfVersion1(record)) return { ...(record['msg'] as object) };
  const names = largeNames(record);
  let msg: Record<string, unknown> | undefined;
  let index = 0;
  for await (const part of parts) {
    if (msg === undefined) {
      msg = Object.fromEntries(
        Object.entries(isObject(part) ? part : {}).map(([name, value]) => [name, restored(value)]),
      );
    } else msg[names[index++]!] = restored(part);
    if (!whole || index === names.length) break;
  }
  return msg ?? {};
}

/** Bytes of a message are bytes again. */
function restored(value: unknown): unknown {
  const isBuffer = isObject(value) && value['type'] === 'Buffer' && Array.isArray(value['data']);
  return isBuffer ? Buffer.from(value['data'] as number[]) : value;
}

/** Records of version 1 hold the message in their state. */
function isOfVersion1(record: RecordState): boolean {
  return isObject(record['msg']);
}

/** The names of the large properties of a record's message. */
export function largeNames(record: RecordState): string[] {
  return Array.isArray(record['large']) ? (record['large'] as string[]) : [];
}
