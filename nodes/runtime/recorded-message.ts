import type { NodeMessage } from 'node-red';
import { isObject } from '../util/json';
import { JsonText, type RecordParts, type RecordState } from './journal/record-store';

/** Properties whose JSON is longer than this are parts of their own; in characters. */
const MAX_SMALL_PROPERTY = 512;

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
}

/** Shared by all messages without large properties, as thousands of them may be pending. */
const WITHOUT_LARGE: MessageRecord = { version: 2, large: [] };

/** @param without properties that are not recorded */
export function toRecord(msg: NodeMessage, without: readonly string[] = []): RecordedMessage {
  const small: string[] = [];
  const names: string[] = [];
  const large: JsonText[] = [];
  for (const name of Object.keys(msg)) {
    if (name === 'req' || name === 'res' || without.includes(name)) continue;
    try {
      const json = JSON.stringify((msg as unknown as Record<string, unknown>)[name]) as string | undefined;
      if (json === undefined) continue;
      if (name === '_msgid' || json.length <= MAX_SMALL_PROPERTY) small.push(`${JSON.stringify(name)}:${json}`);
      else {
        names.push(name);
        large.push(new JsonText(json));
      }
    } catch {
      // A property that JSON cannot hold stays behind; the work can be finished without it.
    }
  }
  const record = names.length === 0 ? WITHOUT_LARGE : { ...WITHOUT_LARGE, large: names };
  return { record, small: new JsonText(`{${small.join()}}`), large };
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
