import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { NodeMessage } from 'node-red';
import { JsonText, type RecordParts, type RecordState } from '../../../nodes/runtime/journal/record-store';
import {
  countMessageParts,
  fixedFields,
  largeNames,
  readMessage,
  recordParts,
  toRecord,
} from '../../../nodes/runtime/recorded-message';

/** Most characters of the JSON of a property that is not a part of its own. */
const MAX_SMALL = 512;
const LARGE = 'x'.repeat(MAX_SMALL);
/** Most bytes of the JSON of a property that is recorded, and most bytes of binary data. */
const MAX_JSON = 60 * 2 ** 20;
const MAX_BINARY = 2 * 2 ** 20;

/** The values that a store reads after it has written these. */
async function* stored(parts: RecordParts): AsyncGenerator {
  for await (const part of parts) {
    yield JSON.parse(part instanceof JsonText ? part.bytes.toString() : JSON.stringify(part)) as unknown;
  }
}

/** The state and the parts of a message that was recorded with two parts of work. */
function recordOf(msg: object, without?: readonly string[]): { state: RecordState; parts: AsyncGenerator } {
  const recorded = toRecord(msg as NodeMessage, without);
  return { state: { ...recorded.record, work: { step: 1 } }, parts: stored(recordParts(recorded, ['row 1', 'row 2'])) };
}

/** What is left of a message after a restart. */
async function roundTrip(msg: object, whole = true, without?: readonly string[]): Promise<Record<string, unknown>> {
  const { state, parts } = recordOf(msg, without);
  return readMessage(fixedFields(state), parts, whole);
}

describe('recorded message', () => {
  describe('toRecord', () => {
    it('keeps a property up to 512 characters of JSON with the small ones', () => {
      const [longest, longer] = ['x'.repeat(MAX_SMALL - 2), 'x'.repeat(MAX_SMALL - 1)];
      const { record, small, large } = toRecord({ _msgid: 'm', longest, longer });
      assert.deepEqual(record, { version: 2, large: ['longer'] });
      assert.deepEqual(JSON.parse(small.bytes.toString()), { _msgid: 'm', longest });
      assert.deepEqual(
        large.map(({ bytes }) => JSON.parse(bytes.toString()) as unknown),
        [longer],
      );
    });

    it('keeps the id of a message with the small properties, however long it is', () => {
      assert.deepEqual(toRecord({ _msgid: LARGE }).record.large, []);
    });

    it('shares one object among all messages without large properties', () => {
      assert.equal(toRecord({ _msgid: 'a' }).record, toRecord({ _msgid: 'b' }).record);
    });

    for (const [what, value] of [
      ['a Buffer', Buffer.alloc(MAX_BINARY + 1)],
      ['a Buffer in an object', { list: [{ image: Buffer.alloc(MAX_BINARY + 1) }] }],
      ['a typed array', new Float64Array(MAX_BINARY / 8 + 1)],
      ['a text', 'x'.repeat(MAX_JSON + 1)],
      ['a list of texts', Array.from({ length: 61 }, () => 'x'.repeat(2 ** 20))],
      ['an object with long names', { ['x'.repeat(MAX_JSON)]: 1 }],
      ['a list of numbers', new Array(MAX_JSON / 16 + 1).fill(0.1)],
    ] as const) {
      it(`leaves out ${what} that is too large, and does not write it as JSON`, () => {
        const stringify = mock.method(JSON, 'stringify');
        const { record, large, small, tooLarge } = toRecord({ _msgid: 'm', value });
        stringify.mock.restore();
        assert.deepEqual([record.large, large, tooLarge], [[], [], ['value']]);
        assert.deepEqual(JSON.parse(small.bytes.toString()), { _msgid: 'm' });
        assert.equal(
          stringify.mock.calls.some(({ arguments: [written] }) => (written as unknown) === value),
          false,
        );
      });
    }

    it('leaves out a text that is too large only as bytes', () => {
      const { record, tooLarge } = toRecord({ text: '€'.repeat(MAX_JSON / 3) });
      assert.deepEqual([record.large, tooLarge], [[], ['text']]);
    });

    it('keeps binary data of 2 MiB, and the rows of the largest upload', () => {
      const row = { line: 1, deviceId: 'd'.repeat(36), claimToken: 't'.repeat(190), tags: ['a', 'b'.repeat(50)] };
      const rows = new Array(100_000).fill(row);
      const { record, large, tooLarge } = toRecord({ image: Buffer.alloc(MAX_BINARY), rows });
      assert.deepEqual([record.large, tooLarge], [['image', 'rows'], []]);
      assert.ok(large[1]!.bytes.length <= MAX_JSON);
    });

    it('keeps what JSON has instead of a value, however large that is', () => {
      const document = { self: {}, bytes: Buffer.alloc(MAX_BINARY + 1), toJSON: () => ({ name: 'n' }) };
      document.self = document;
      const { small, tooLarge } = toRecord({ _msgid: 'm', document });
      assert.deepEqual(tooLarge, []);
      assert.deepEqual(JSON.parse(small.bytes.toString()), { _msgid: 'm', document: { name: 'n' } });
    });

    it('leaves out a value that holds itself without naming it', () => {
      const parent: Record<string, unknown> = {};
      parent['children'] = Array.from({ length: 100 }, () => ({ parent }));
      const { record, tooLarge } = toRecord({ parent });
      assert.deepEqual([record.large, tooLarge], [[], []]);
    });

    it('leaves out the HTTP request and response, what is replaced, and what JSON cannot hold', async () => {
      const circular: Record<string, unknown> = {};
      circular['self'] = circular;
      const msg = { req: {}, res: {}, rows: [], circular, big: 1n, run: () => undefined, topic: 'kept' };
      assert.deepEqual(await roundTrip(msg, true, ['rows']), { topic: 'kept' });
    });
  });

  describe('readMessage', () => {
    it('reads all properties, and nothing of the work', async () => {
      const msg = { _msgid: 'm', payload: [LARGE], topic: 'small', rows: { LARGE } };
      assert.deepEqual(await roundTrip(msg), msg);
      assert.deepEqual(await roundTrip({ topic: 'small' }), { topic: 'small' });
    });

    it('leaves the large properties out if they are not asked for', async () => {
      assert.deepEqual(await roundTrip({ topic: 'small', payload: LARGE }, false), { topic: 'small' });
    });

    it('reads no more parts than it needs', async () => {
      const read = async (whole: boolean): Promise<unknown> => {
        const { state, parts } = recordOf({ topic: 'small', payload: LARGE, rows: LARGE });
        let count = 0;
        const counted = async function* (): AsyncGenerator {
          for await (const part of parts) {
            count++;
            yield part;
          }
        };
        await readMessage(state, counted(), whole);
        return count;
      };
      assert.deepEqual([await read(false), await read(true)], [1, 3]);
    });

    it('reads bytes as bytes, also large ones', async () => {
      const msg = { small: Buffer.from('a'), large: Buffer.alloc(MAX_SMALL) };
      assert.deepEqual(await roundTrip(msg), msg);
    });

    for (const value of [
      null,
      ['Buffer'],
      { type: 'Buffer' },
      { type: 'Buffer', data: 'text' },
      { type: 'other', data: [1] },
      { data: [1] },
    ]) {
      it(`reads ${JSON.stringify(value)} as it was`, async () => {
        assert.deepEqual(await roundTrip({ value }), { value });
      });
    }

    it('reads an empty message if the first part is not an object', async () => {
      assert.deepEqual(await readMessage({ version: 2, large: [] }, stored(['damaged']), true), {});
      assert.deepEqual(await readMessage({ version: 2, large: [] }, stored([]), true), {});
    });

    it('reads the message of a record of version 1 from its state, as a copy', async () => {
      const msg = { _msgid: 'm', topic: 'old' };
      const read = await readMessage({ version: 1, msg }, stored(['row 1']), true);
      assert.deepEqual(read, msg);
      assert.notEqual(read, msg);
    });
  });

  describe('fixedFields', () => {
    it('keeps the names of the large properties, without the work', () => {
      const { state } = recordOf({ payload: LARGE });
      assert.deepEqual(fixedFields(state), { version: 2, large: ['payload'] });
      assert.deepEqual(state['work'], { step: 1 });
    });

    it('keeps the message of a record of version 1, without the work', () => {
      const msg = { topic: 'old' };
      assert.deepEqual(fixedFields({ version: 1, msg, work: {} }), { version: 1, msg });
    });

    it('shares one object among all records without large properties', () => {
      assert.equal(fixedFields(recordOf({ topic: 'small' }).state), toRecord({ _msgid: 'm' }).record);
    });
  });

  describe('countMessageParts', () => {
    it('counts the small properties as one part, and each large one', () => {
      assert.equal(countMessageParts(recordOf({ topic: 'small' }).state), 1);
      assert.equal(countMessageParts(recordOf({ payload: LARGE, rows: LARGE }).state), 3);
    });

    it('counts none in a record of version 1', () => {
      assert.equal(countMessageParts({ version: 1, msg: {} }), 0);
    });
  });

  it('largeNames returns no names for a record without a list of them', () => {
    assert.deepEqual(largeNames({ version: 1, msg: {} }), []);
    assert.deepEqual(largeNames({ version: 2, large: 'damaged' }), []);
  });
});
