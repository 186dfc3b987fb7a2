import assert from 'node:assert/strict';
import { InvalidValue } from '../../../../nodes/util/invalid-value';
import type { InvalidRow } from '../../../../nodes/parse/rows/row';
import { assertSentence } from '../../../support/sentences';
import { badRows, mintToken, rowsIn } from './read-all-rows';

const { claimToken: TOKEN, deviceUuid: DEVICE } = mintToken();

/** The one invalid row of an array. */
async function rejected(...items: unknown[]): Promise<InvalidRow> {
  const rows = badRows(await rowsIn(items));
  assert.equal(rows.length, 1);
  return rows[0]!;
}

describe('rows: reasons', () => {
  for (const [what, items, fact] of [
    ['content right of the tags', [[TOKEN, 'a', 'b']], /^the row has content right of the tags; put/],
    [
      'a tag with a comma',
      [{ claimToken: TOKEN, tags: ['a,b'] }],
      /^the tags column holds a tag with a comma, .*; remove/,
    ],
    ['a duplicate', [TOKEN, TOKEN], /^the same device is in line 1 already$/],
    ['no token', [undefined], /^the token is missing; enter/],
  ] as const) {
    it(`rows: the reason names ${what}`, async () => assert.match((await rejected(...items)).reason, fact));
  }
});

describe('rows: what an invalid row shows', () => {
  const shown = async (claimToken: unknown, tags?: unknown): Promise<unknown[]> => {
    const row = await rejected({ claimToken, tags });
    return [row.claimToken, row.tags];
  };

  it('rows: of a row without token and tags only line, code and reason are there', async () => {
    const row = await rejected(undefined);
    assert.deepEqual(Object.keys(row), ['ok', 'line', 'code', 'reason']);
  });

  it('rows: a token that can be read is shown clean, with the device and the tags that are not blank', async () => {
    const { ok, line, code, ...facts } = await rejected({ claimToken: ` "${TOKEN}"\r\nOK`, tags: ['a,b', '', ' '] });
    assert.deepEqual([ok, line, code], [false, 1, 'INVALID_TAG']);
    assert.deepEqual(facts, { reason: facts.reason, claimToken: TOKEN, deviceId: DEVICE, tags: ['a,b'] });
  });

  it('rows: tags that cannot be read are not shown', async () => {
    const throwing = new Proxy([], { get: () => assert.fail('read') });
    assert.deepEqual(await shown(TOKEN, throwing), [TOKEN, undefined]);
  });

  for (const [what, text, length] of [
    ['250 characters of a damaged token', '2dn3'.padEnd(250, 'A'), 250],
    ['100 characters of a longer text that begins like a token', '2dn3'.padEnd(251, 'A'), 100],
    ['a damaged token in quotes', `"${'2dn3'.padEnd(150, 'A')}`, 151],
    ['a damaged token after a label', `Token: ${'2dn3'.padEnd(150, 'A')}`, 157],
    ["a damaged token in the modem's answer", `%ATTESTTOKEN: "${'2dn3'.padEnd(150, 'A')}`, 165],
    ['100 characters of a text with a token in another cell', `x;${'2dn3'.padEnd(150, 'A')}`, 100],
    ['100 characters of a token after many words', `${'word '.repeat(5)}${'2dn3'.padEnd(150, 'A')}`, 100],
    ['100 characters of another text', 'x'.repeat(101), 100],
    ['all of a short text', 'hello', 5],
  ] as const) {
    it(`rows: an invalid row shows ${what}`, async () => {
      assert.deepEqual(await shown(text), [text.slice(0, length), undefined]);
    });
  }

  it('rows: text and tags of a row without a token are cut after 100 characters together', async () => {
    const long = (letter: string): string => letter.repeat(60);
    assert.deepEqual(await shown(undefined, [long('a'), long('b'), 'c']), [undefined, [long('a'), 'b'.repeat(40)]]);
    assert.deepEqual(await shown(long('x'), [long('a'), 'c']), [long('x'), ['a'.repeat(40)]]);
  });
});

describe('rows: sources that cannot have rows', () => {
  for (const [what, value, fact] of [
    ['nothing', undefined, /^is missing; enter CSV text/],
    ['null', null, /^is missing; enter CSV text/],
    ['a number', 7, /^is a number; enter CSV text/],
    ['an empty object', {}, /^is an object; enter CSV text/],
    ['an object', { rows: 1, id: 2 }, /^is an object with the keys rows, id; enter CSV text/],
  ] as const) {
    it(`rows: ${what} is named in the error`, async () => {
      await assert.rejects(rowsIn(value), (error: Error) => error instanceof InvalidValue && fact.test(error.message));
    });
  }

  for (const [what, value, options] of [
    ['empty text', '', {}],
    ['blank lines', '\n\r\n \n', {}],
    ['lines of commas', '\n \n,,\n', {}],
    ['lines of semicolons', ';;\n', {}],
    ['a byte order mark', '\ufeff', {}],
    ['a Buffer without bytes', Buffer.alloc(0), {}],
    ['a UTF-16 byte order mark', Buffer.from([0xff, 0xfe]), {}],
    ['empty text, also if a column is chosen by name', '', { tokenColumn: 'code' }],
  ] as const) {
    it(`rows: a source of ${what} is empty`, async () => {
      await assert.rejects(rowsIn(value, options), (error: Error) => {
        assert.ok(error instanceof InvalidValue);
        assertSentence(error.message);
        return true;
      });
    });
  }
});
