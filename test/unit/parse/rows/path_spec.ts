import assert from 'node:assert/strict';
import { looksLikePath } from '../../../../nodes/parse/rows/path';

describe('looksLikePath', () => {
  for (const text of [
    '/data/tokens',
    '~/tokens',
    './tokens',
    '../tokens',
    '\\\\server\\tokens',
    'C:\\tokens',
    'd:/tokens',
    'file:///tokens',
    'tokens.csv',
    'my tokens.TXT',
    'tokens.tsv',
    'tokens.xls',
    'tokens.xlsx',
    'tokens.log',
    ' "/data/tokens"\n',
    `/${'x'.repeat(4000)}`,
  ]) {
    it(`looksLikePath: ${JSON.stringify(text.slice(0, 20))} is a path`, () => assert.equal(looksLikePath(text), true));
  }

  for (const [what, text] of [
    ['nothing', ' '],
    ['empty quotes', '""'],
    ['a word', 'tokens'],
    ['a slash within', 'and/or'],
    ['two lines', '/data/tokens\n/data/more'],
    ['two cells', 'a,tokens.csv'],
    ['a word after the name of a file', 'tokens.csv is lost'],
    ['a text that is longer than any path', `/${'x'.repeat(5000)}`],
  ] as const) {
    it(`looksLikePath: ${what} is not a path`, () => assert.equal(looksLikePath(text), false));
  }
});
