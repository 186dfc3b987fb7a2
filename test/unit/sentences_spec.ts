import assert from 'node:assert/strict';
import { assertSentence } from '../support/sentences';
import { parseSentences } from './sentences/parse';
import { sentenceOf, type SentenceTable } from './sentences/table';

/** Add tables of other folders here. */
const TABLES: Record<string, SentenceTable> = { parse: parseSentences };

describe('sentences', () => {
  for (const [folder, table] of Object.entries(TABLES)) {
    for (const [name, give] of Object.entries(table)) {
      it(`${folder}: ${name}`, async () => {
        const sentence = await sentenceOf(give);
        assertSentence(sentence);
        assert.doesNotMatch(sentence, /2dn3hQFQ/);
      });
    }
  }
});
