import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { decodeHead, decodeLine, encodeLine, headOf, type Entry } from '../../../../nodes/runtime/journal/line';
import { JsonText } from '../../../../nodes/runtime/journal/record-store';

const STATE: Entry = { kind: 'state', node: 'n', key: 'k', parts: 2, state: { text: 'ü "quoted" ,"value":1' } };
const REMOVED: Entry = { kind: 'removed', node: 'n', key: 'k' };
const PART: Entry = { kind: 'part', node: 'n', key: 'k', index: 3, value: { rows: ['ü', ',"value":'] } };

/** What a service may answer: its fields look like those of the journal. */
const LIKE_A_PART = { body: { bulkOpsRequestId: 'id', value: 1, errors: [{ field: 'x', value: 'y' }] } };

/** A line, without its break, whose checksum is that of its text. */
const lineOf = (text: string): Buffer =>
  Buffer.from(`{"crc":"${crc32(text).toString(16).padStart(8, '0')}","entry":${text}}`);

const withoutBreak = (line: Buffer): Buffer => line.subarray(0, -1);

describe('line of the journal', () => {
  for (const entry of [STATE, REMOVED, PART]) {
    it(`line: an entry of kind ${entry.kind} is read as it was written`, () => {
      assert.deepEqual(decodeLine(withoutBreak(encodeLine(entry))), entry);
    });

    it(`line: the head of an entry of kind ${entry.kind} is all but its values`, () => {
      const head: Record<string, unknown> = { ...entry };
      delete head['state'];
      delete head['value'];
      assert.deepEqual(headOf(entry), head);
      const read: Record<string, unknown> = { ...decodeHead(withoutBreak(encodeLine(entry))) };
      delete read['state'];
      assert.deepEqual(read, head);
    });
  }

  it('line: a state with fields like those of a part is read, and so is its head', () => {
    const line = withoutBreak(encodeLine({ ...STATE, state: LIKE_A_PART }));
    assert.deepEqual(decodeLine(line), { ...STATE, state: LIKE_A_PART });
    assert.deepEqual(headOf(decodeHead(line) as Entry), headOf(STATE));
  });

  it('line: a part whose key and value look like fields of a line is read as it was written', () => {
    const texts = [',"value":', '","value":1', 'k","index":7,"value":"', '\\', ','];
    for (const text of texts) {
      const part: Entry = {
        kind: 'part',
        node: text,
        key: text,
        index: 3,
        value: { value: text, [text]: LIKE_A_PART },
      };
      for (const value of [part.value, new JsonText(JSON.stringify(part.value))]) {
        const line = withoutBreak(encodeLine({ ...part, value }));
        assert.deepEqual(decodeLine(line), part);
        assert.deepEqual(decodeHead(line), headOf(part));
      }
    }
  });

  for (const text of [
    '{"kind":"state",',
    '{"kind":"part","node":"n","key":"k","index":0}',
    '{"kind":"part","node":"n","key":"k","index":"0","value":1}',
    '{"kind":"part","node":"n","key":"k","index":-1,"value":1}',
    '{"kind":"part","node":"n","key":"k","index":0,"value":{]}',
    '{"kind":"state","node":"n","key":"k","state":{}}',
    '{"kind":"state","node":"n","key":"k","parts":0,"state":1}',
    '{"kind":"removed","node":"n"}',
    '{"kind":"removed","node":1,"key":"k"}',
    '{"kind":"of a later version","node":"n","key":"k"}',
    '[]',
    'null',
  ]) {
    it(`line: the entry ${text} is damaged, even if its checksum is right`, () => {
      assert.equal(decodeLine(lineOf(text)), undefined);
    });
  }

  for (const text of ['{"kind":"state",', '{"kind":"part","node":"n","key":"k","index":{]}', 'null']) {
    it(`line: there is no head of the entry ${text}`, () => {
      assert.equal(decodeHead(lineOf(text)), undefined);
    });
  }

  it('line: it is JSON with the checksum of the entry, and ends with a line break', () => {
    const text = encodeLine(REMOVED).toString();
    assert.equal(text, '{"crc":"a2ec6555","entry":{"kind":"removed","node":"n","key":"k"}}\n');
    assert.deepEqual((JSON.parse(text) as { entry: unknown }).entry, REMOVED);
  });

  it('line: a value that is JSON text already gives the same line', () => {
    const { value } = PART as { value: unknown };
    assert.deepEqual(encodeLine({ ...PART, value: new JsonText(JSON.stringify(value)) }), encodeLine(PART));
  });

  it('line: a change of any byte after the checksum, or of the checksum, is damage', () => {
    const line = withoutBreak(encodeLine(PART));
    const checked = [...line.keys()].filter((at) => (at >= 8 && at < 16) || (at >= 26 && at < line.length - 1));
    for (const at of checked) {
      const damaged = Buffer.from(line);
      damaged.writeUInt8(line.readUInt8(at) ^ 1, at);
      assert.equal(decodeLine(damaged), undefined, `byte ${at}`);
      assert.equal(decodeHead(damaged), undefined, `byte ${at}`);
    }
  });

  for (const [what, text] of [
    ['is empty', ''],
    ['is no JSON', 'text'],
    ['has no entry', '{"crc":"00000000","entry":}'],
    ['was cut off', encodeLine(STATE).toString().slice(0, 60)],
  ] as const) {
    it(`line: one that ${what} is damaged`, () => {
      assert.equal(decodeLine(Buffer.from(text)), undefined);
      assert.equal(decodeHead(Buffer.from(text)), undefined);
    });
  }
});
