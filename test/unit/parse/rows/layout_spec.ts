import assert from 'node:assert/strict';
import { InvalidValue } from '../../../../nodes/util/invalid-value';
import { detectLayout, type CsvLayout } from '../../../../nodes/parse/rows/csv-layout';
import type { RowOptions } from '../../../../nodes/parse/rows/row';
import { mintTokens } from './read-all-rows';

const [A, B, C] = mintTokens(3) as [string, string, string];

function layoutOf(text: string, options: Partial<RowOptions> = {}): CsvLayout {
  return detectLayout(Buffer.from(text), true, { tokenColumn: 0, tagsColumn: 0, tags: [], ...options });
}

describe('detectLayout: the token column', () => {
  for (const [what, text, options, token] of [
    ['named twice is the one with more tokens', `token,claim token\nx,${A}\n`, {}, 1],
    ['named twice is the one with more tokens, though it comes first', `token,claim token\n${A},x\n`, {}, 0],
    ['named twice is the first without tokens', 'token,claim token\nx,y\n', {}, 0],
    ['named twice is the first of two with as many tokens', `token,claim token\n${A},${B}\n`, {}, 0],
    ['not named in a header is the one with tokens', `place,code\nx,${A}\n`, { tagsColumn: 'place' }, 1],
    ['chosen by the name in the first column', `code,place\n${A},x\n`, { tokenColumn: 'code' }, 0],
    ['chosen by a name that is not there is the first if all rows are broken', `"${A}\n`, { tokenColumn: 'code' }, 0],
  ] as const) {
    it(`detectLayout: the token column ${what}`, () => assert.equal(layoutOf(text, options).token, token));
  }
});

describe('detectLayout: the tags column', () => {
  for (const [what, text, options, tags] of [
    ['is not the token column, whatever its name', `token,tags\nx,${A}\n`, { tokenColumn: 2 }, undefined],
    ['is the second without a header', `${A},a\n`, {}, 1],
    ['is none if its only value is a date', `${A},2026-01-01\n${B}\n${C}\n`, {}, undefined],
  ] as const) {
    it(`detectLayout: the tags column ${what}`, () => assert.equal(layoutOf(text, options).tags, tags));
  }
});

describe('detectLayout: the delimiter', () => {
  const both = `${A},x;${B}\n`;
  for (const [column, delimiter] of [
    [0, ','],
    [1, ','],
    [2, ';'],
  ] as const) {
    it(`detectLayout: with token column ${column} the delimiter is the one that gives it tokens`, () => {
      assert.equal(layoutOf(both, { tokenColumn: column }).delimiter, delimiter);
    });
  }
});

describe('detectLayout: the header', () => {
  for (const [what, text, options, line] of [
    ['with most names wins', `token,imei,tags\nClaim tokens\n${A},1,x\n`, {}, 1],
    ['is the last of two with as many names', `token,x\ntoken,y\n${A},z\n`, {}, 2],
    [
      'with a chosen name wins over one with known names',
      `token,tags\ntoken,Place\n${A},x\n`,
      { tagsColumn: 'Place' },
      2,
    ],
    [
      'has the chosen name of the token column, though other lines have more names',
      `token,tags,imei\nCode,Place\n${A},x\n`,
      { tokenColumn: 'Code' },
      2,
    ],
    ['has the chosen name in its first column', `Code,Place\nnote,y\n${A},x\n`, { tokenColumn: 'Code' }, 1],
  ] as const) {
    it(`detectLayout: the header ${what}`, () => assert.equal(layoutOf(text, options).header?.line, line));
  }
});

describe('detectLayout: no header', () => {
  it('detectLayout: below a line with a token in any cell there is no header', () => {
    assert.equal(layoutOf(`x,${A}\ntoken,tags\n${B},a\n`).header, undefined);
  });
});

describe('detectLayout: errors', () => {
  const many = Array.from({ length: 11 }, (_, index) => `c${index}`);
  for (const [what, text, options, fact] of [
    ['one column', 'imei\n1\n', {}, /\(column: imei\); enter/],
    ['columns without a name', 'imei,,uuid\n1,2,3\n', {}, /\(columns: imei, \(empty\), uuid\); enter/],
    ['ten columns', `${many.slice(1).join(',')}\n`, {}, /: c1, .*, c9, c10\); enter/],
    ['more than ten columns', `${many.join(',')}\n`, {}, /: c0, .*, c9, …\); enter/],
    ['no record that can be read', '"abc', {}, /\(no columns\); enter/],
    ['bars without a token', 'a|b\nc|d\n', {}, /neither a claim token .* \(column: a\|b\)/],
    ['bars with a token', `a|${A}\n`, {}, /has \| between/],
    ['a token in words in quotes', 'plain\n"see 2dn3hQFQAAAAAAAA",b\n', {}, /neither a claim token/],
    ['another separator', 'sep=:\ntoken:tags\n', {}, /another character between/],
    ['bars as the separator', 'sep=|\ntoken|tags\n', {}, /has \| between/],
    ['a known separator without a token', 'sep=;\nx;y\n', {}, /neither a claim token/],
    ['one column for both', `token,tags\n${A},x\n`, { tokenColumn: 1, tagsColumn: 1 }, /tokens in column 1;/],
    ['the second column for both', `tags,token\nx,${A}\n`, { tagsColumn: 2 }, /tokens in column 2;/],
  ] as const) {
    it(`detectLayout: ${what} is named in the error`, () => {
      assert.throws(
        () => layoutOf(text, options),
        (error: Error) => error instanceof InvalidValue && fact.test(error.message),
      );
    });
  }
});
