import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { parseSentences } from './sentences/parse';
import { sentenceOf, type SentenceTable } from './sentences/table';

/**
 * All sentences of this package in one file, so that their wording is improved in one place; other tests assert codes and
 * facts. After a change, run this spec with `UPDATE_SENTENCES=1` and read the difference.
 */
const FILE = join(__dirname, 'sentences.json');

/** Add tables of other folders here. */
const TABLES: Record<string, SentenceTable> = { parse: parseSentences };

const read = (): Record<string, Record<string, string>> =>
  JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Record<string, string>>;

describe('sentences', () => {
  before(async () => {
    if (process.env['UPDATE_SENTENCES'] === undefined) return;
    const all: Record<string, Record<string, string>> = {};
    for (const [folder, table] of Object.entries(TABLES)) {
      const sentences: Record<string, string> = (all[folder] = {});
      for (const [name, give] of Object.entries(table)) sentences[name] = await sentenceOf(give);
    }
    const options = (await resolveConfig(FILE)) ?? {};
    writeFileSync(FILE, await format(JSON.stringify(all), { ...options, parser: 'json' }));
  });

  for (const [folder, table] of Object.entries(TABLES)) {
    for (const [name, give] of Object.entries(table)) {
      it(`${folder}: ${name}`, async () => {
        const sentence = await sentenceOf(give);
        assert.equal(sentence, read()[folder]?.[name]);
        assert.doesNotMatch(sentence, /2dn3hQFQ/);
      });
    }
  }

  it('holds no sentence of a case that is gone', () => {
    const names = Object.entries(read()).map(([folder, sentences]) => [folder, Object.keys(sentences)]);
    assert.deepEqual(
      names,
      Object.entries(TABLES).map(([folder, table]) => [folder, Object.keys(table)]),
    );
  });
});
