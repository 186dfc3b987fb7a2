import assert from 'node:assert/strict';
import { parseErrorSummary } from '../../../nodes/parse/error-summary';
import { readUploadRows, reportFailedItems, reportFailures } from '../../../nodes/operations/row-errors';

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
      '{"e":"[x (1-based)]: {\\"a\\":[0,1.5,\\"2\\",-1],\\"b\\":7}."}',
      [
        [undefined, 'a'],
        [undefined, 'a'],
      ],
    ],
  ] as const) {
    it(`reads ${name}`, () => {
      const expected = failures.map(([row, message]) => (row === undefined ? { message } : { row, message }));
      assert.deepEqual(parseErrorSummary(text), expected);
    });
  }

  for (const text of [
    '',
    'null',
    '[]',
    '{"errors":[]}',
    '{"errors":"[0]: x"}',
    '{"errors":{"0":"x"}}',
    'a page of text',
    '{"e":"x (1-based)]: {\\"a\\":[1]}"}',
    '{"e":"x {\\"a\\":[1]}."}',
    '{"e":"x (1-based)]: [1]."}',
    '{"e":"x (1-based)]: {}."}',
    '."} (1-based)]: {"a":[1]}',
  ]) {
    it(`does not know ${text || 'an empty text'}`, () => assert.equal(parseErrorSummary(text), undefined));
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
      { line: NaN, deviceId: '', claimToken: 't', tags: [] },
      { line: NaN, deviceId: '', claimToken: 't', tags: ['a'] },
    ]);
    for (const none of [undefined, null, {}, 'x']) assert.deepEqual(readUploadRows(none), []);
  });
});

describe('a report of failed rows', () => {
  it('joins what the summary says with what is known of the row, and has each row once', () => {
    const { errors, failedRows } = reportFailures(
      [{ row: 2, message: 'bad' }, { message: 'whole file' }, { row: 2, message: 'again' }, { row: 9, message: 'far' }],
      [ROWS[0], ROWS[1]],
    );
    const known = { line: 11, row: 2, deviceId: DEVICES[1], claimToken: token('1') };
    assert.deepEqual(errors, [
      { ...known, message: 'bad' },
      { message: 'whole file' },
      { ...known, message: 'again' },
      { row: 9, message: 'far' },
    ]);
    assert.deepEqual(failedRows, [{ claimToken: token('1'), tags: ['a', '1'] }]);
  });

  it('leaves a line out that is not known', () => {
    const { errors } = reportFailures([{ row: 1, message: 'bad' }], [{ ...ROWS[0]!, line: NaN }]);
    assert.deepEqual(errors, [{ row: 1, deviceId: DEVICES[0], claimToken: token('0'), message: 'bad' }]);
  });

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
      const { errors, failedRows } = reportFailedItems([item], [ROWS[0], ROWS[1]]);
      const source = row === undefined ? undefined : ROWS[row - 1]!;
      assert.deepEqual(errors, [
        source === undefined
          ? { message, item }
          : { line: source.line, row, deviceId: source.deviceId, claimToken: source.claimToken, message },
      ]);
      assert.deepEqual(failedRows, source === undefined ? [] : [{ claimToken: source.claimToken, tags: source.tags }]);
    });
  }

  it('passes over rows that are none', () => {
    const { errors } = reportFailedItems([DEVICES[1]], [undefined, ROWS[1]]);
    assert.equal(errors[0]!.row, 2);
  });
});
