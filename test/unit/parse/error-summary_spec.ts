import assert from 'node:assert/strict';
import { parseErrorSummary } from '../../../nodes/parse/error-summary';
import { matchFailures, matchResult, readUploadRows } from '../../../nodes/operations/row-errors';

describe('parseErrorSummary', () => {
  for (const [name, text, failures] of [
    [
      'rows from 0',
      '{"errors":["[0]: bad token","[2]:  used  "]}',
      [
        [1, 'bad token'],
        [3, 'used'],
      ],
    ],
    [
      'an entry without words',
      '{"errors":["[1]: ","  "]}',
      [
        [2, 'unknown error'],
        [undefined, 'unknown error'],
      ],
    ],
    [
      'an entry without a row',
      '{"errors":[" no row ","x [1]: y"]}',
      [
        [undefined, 'no row'],
        [undefined, 'x [1]: y'],
      ],
    ],
    ['an entry of several lines', '{"errors":[" [7]:a\\nb"]}', [[8, 'a\nb']]],
    ['an entry that is no text', '{"errors":[{"a":1}]}', [[undefined, '{"a":1}']]],
    ['a row that is too large to be one', '{"errors":["[1234567890]: x"]}', [[undefined, '[1234567890]: x']]],
    [
      'the older sentence',
      '{"error":"Rows failed [row numbers (1-based)]: {\\"bad token\\":[1,3],\\" \\":[2]}."}',
      [
        [1, 'bad token'],
        [3, 'bad token'],
        [2, 'unknown error'],
      ],
    ],
    [
      'the older sentence with quotes that are not escaped',
      '{"error":"Rows [row (1-based)]: {"bad":[4]}."}',
      [[4, 'bad']],
    ],
    [
      'the older sentence with what are no rows',
      '{"e":"[x (1-based)]: {\\"a\\":[0,1.5,\\"2\\",-1],\\"b\\":\\"all\\"}."}',
      [
        [undefined, 'a'],
        [undefined, 'a'],
        [undefined, 'a'],
        [undefined, 'a'],
        [undefined, 'b'],
      ],
    ],
    ['the older sentence with one row instead of a list', '{"e":"[x (1-based)]: {\\"a\\":7}."}', [[7, 'a']]],
    ['the older sentence without words before it', '(1-based)]: {"a":[1]}."}', [[1, 'a']]],
    [
      'rows of two digits, and white space around their brackets',
      '{"errors":["[12]: a"," [3] : b"]}',
      [
        [13, 'a'],
        [4, 'b'],
      ],
    ],
    [
      'objects with a row from 1 or an index from 0',
      '{"errors":[{"row":1,"message":"a"},{"index":1,"error":"b"},{"row":3,"index":7,"message":5,"error":"c"}]}',
      [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ],
    ],
    [
      'objects with an index that is 0, and a row that is not one',
      '{"errors":[{"index":0,"message":"a"},{"row":0,"index":3,"message":"b"}]}',
      [
        [1, 'a'],
        [4, 'b'],
      ],
    ],
    [
      'objects whose rows are not rows',
      '{"errors":[{"row":1.5,"message":"a"},{"row":"2","message":"b"},{"index":-1,"message":"c"},{"row":0,"message":"d"}]}',
      [
        [undefined, 'a'],
        [undefined, 'b'],
        [undefined, 'c'],
        [undefined, 'd'],
      ],
    ],
    ['an object with a row and no words', '{"errors":[{"row":2}]}', [[2, '{"row":2}']]],
    [
      'entries that are neither text nor objects',
      '{"errors":[7,null]}',
      [
        [undefined, '7'],
        [undefined, 'null'],
      ],
    ],
    ['the first of two failures of a row', '{"errors":["[0]: a","[0]: b"]}', [[1, 'a']]],
    [
      'a text per line',
      '"[0]: a"\n"[1]: b"',
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      'an object per line, with blank lines and CRLF',
      '{"row":1,"message":"a"}\r\n \r\n{"index":1,"error":"b"}\r\n',
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      'a list per line',
      '{"errors":["[0]: a","[1]: b"]}\n{"errors":[]}\n{"errors":["[2]: c"]}',
      [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ],
    ],
  ] as const) {
    it(`reads ${name}`, async () => {
      const expected = failures.map(([row, message]) => (row === undefined ? { message } : { row, message }));
      assert.deepEqual(await parseErrorSummary(text), expected);
    });
  }

  for (const text of ['', ' \n', '{"errors":[]}']) {
    it(`error summary: ${JSON.stringify(text)} names no failure`, async () => {
      assert.deepEqual(await parseErrorSummary(text), []);
    });
  }

  for (const text of [
    'null',
    '[]',
    '{"errors":"[0]: x"}',
    '{"errors":{"0":"x"}}',
    'a page of text',
    '{"e":"x (1-based)]: {\\"a\\":[1]}"}',
    '{"e":"x {\\"a\\":[1]}."}',
    '{"e":"x (1-based)]: [1]."}',
    '{"e":"x (1-based)]: {}."}',
    '."} (1-based)]: {"a":[1]}',
    '{"error":"x{\\"a\\":[1]}."}',
    'Rows failed (1-based)]: {"a":[1]}.',
    'Rows failed (1-based)]: no object."}',
    '"[0]: one line alone"',
    '"[0]: a"\nno JSON',
  ]) {
    it(`does not know ${text}`, async () => {
      assert.equal(await parseErrorSummary(text), undefined);
    });
  }
});

const FIRST = '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy';
/** Tokens that differ in their last character. */
const token = (end: string): string =>
  `${FIRST}.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWT${end}`;
const DEVICES = ['4961c873-408c-45ce-b1ba-7c0d99d88179', '4961c873-408c-45ce-b1ba-7c0d99d88180'];
const ROWS = DEVICES.map((deviceId, index) => ({
  line: index + 10,
  deviceId,
  claimToken: token(String(index)),
  tags: ['a', String(index)],
}));

describe('the rows of an upload', () => {
  it('are read as bulk claim wrote them, what is none keeping its place', () => {
    const read = readUploadRows([
      ROWS[0],
      null,
      'x',
      { claimToken: 7 },
      { claimToken: 't', line: 'x', deviceId: 7, tags: 'a' },
      { claimToken: 't', tags: ['a', 7, null] },
    ]);
    assert.deepEqual(read, [
      ROWS[0],
      undefined,
      undefined,
      undefined,
      { deviceId: '', claimToken: 't', tags: [] },
      { deviceId: '', claimToken: 't', tags: ['a'] },
    ]);
    assert.equal(read[0], ROWS[0]);
    const row = ROWS[0]!;
    for (const [changed, own] of [
      [{ ...row, serial: 1 }, row],
      [{ ...row, deviceId: row.deviceId.toUpperCase() }, row],
      [
        { ...row, tags: ['a', 7] },
        { ...row, tags: ['a'] },
      ],
      [
        { ...row, line: '7' },
        { deviceId: row.deviceId, claimToken: row.claimToken, tags: row.tags },
      ],
    ]) {
      assert.deepEqual(readUploadRows([changed]), [own]);
    }
    for (const none of [undefined, null, {}, 'x']) assert.deepEqual(readUploadRows(none), []);
  });
});

describe('matchFailures', () => {
  it('joins failures with the rows of the upload, and keeps those that match no row', () => {
    const { failed, unmatched } = matchFailures(
      [{ row: 2, message: 'bad' }, { message: 'whole file' }, { row: 9, message: 'far' }],
      ROWS,
    );
    assert.deepEqual([...failed], [[2, 'bad']]);
    assert.deepEqual(unmatched, [{ message: 'whole file' }, { message: 'far' }]);
  });

  it('believes every row if the rows of the upload are not known', () => {
    assert.deepEqual([...matchFailures([{ row: 9, message: 'far' }], []).failed], [[9, 'far']]);
  });
});

describe('matchResult', () => {
  for (const [name, item, row, message] of [
    ['a token', token('1'), 2, 'refused by the service'],
    ['a token and words', `${token('1')} was used`, 2, 'was used'],
    ['a device UUID', DEVICES[1]!.toUpperCase(), 2, 'refused by the service'],
    ['a device UUID and words', `device ${DEVICES[0]} is known`, 1, 'device  is known'],
    ['an object with a token', { claimToken: token('1'), reason: ' used ' }, 2, 'used'],
    ['an object with a device id', { id: DEVICES[1], error: 'used' }, 2, 'used'],
    ['an object with a detail', { id: DEVICES[1], detail: 'used' }, 2, 'used'],
    ['an object with a description', { id: DEVICES[1], description: 'used' }, 2, 'used'],
    ['an object whose message has no letter', { id: DEVICES[1], message: '42', error: 'used' }, 2, 'used'],
    ['an object with an index', { index: 1, message: 'used' }, 2, 'used'],
    ['an object with an index as text', { index: '0', message: 'used' }, 1, 'used'],
    ['an object with a row', { row: 1, message: 'used' }, 1, 'used'],
    ['a pair', [DEVICES[1], 'used'], 2, 'used'],
    ['an index', 1, 2, 'refused by the service'],
    ['an index in brackets', ' [1]: used', 2, 'used'],
    ['nothing that is known', 'used', undefined, 'used'],
    ['an unknown token', token('7'), undefined, 'refused by the service'],
    ['an unknown device', '4961c873-408c-45ce-b1ba-7c0d99d88181', undefined, 'refused by the service'],
    ['an index that is too large', 2, undefined, 'refused by the service'],
    ['a row that is 0', { row: 0, message: 'used' }, undefined, 'used'],
    ['no whole index', { index: 0.5, message: 'used' }, undefined, 'used'],
    ['nothing', null, undefined, 'refused by the service'],
    ['true', true, undefined, 'refused by the service'],
  ] as const) {
    it(`matches ${name}`, () => {
      const claimed = DEVICES.filter((_, index) => index + 1 !== row);
      const { failed, unmatched } = matchResult([item], claimed, readUploadRows(ROWS));
      assert.deepEqual([...failed], row === undefined ? [] : [[row, message]]);
      assert.deepEqual(unmatched, row === undefined ? [{ message, item }] : []);
    });
  }

  it('counts rows in neither list as failures', () => {
    const { failed } = matchResult([], [DEVICES[0]], readUploadRows(ROWS));
    assert.deepEqual([...failed.keys()], [2]);
  });

  it('counts rows in neither list as claimed if no claimed id matches, and both lists add up', () => {
    const { failed } = matchResult([token('1')], ['another id'], readUploadRows(ROWS));
    assert.deepEqual([...failed.keys()], [2]);
  });
});
