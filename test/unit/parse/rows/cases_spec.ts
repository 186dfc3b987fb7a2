import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DetectedColumns, Row } from '../../../../nodes/parse/rows/index';
import { InvalidValue } from '../../../../nodes/util/invalid-value';
import { readSource } from './read-all-rows';

/** What is expected of a row: its line, and its tags or its code. */
type Expected = [line: number, result: string[] | string];

const FOLDER = join(__dirname, 'cases');
const CASES: Record<string, { rows: Expected[]; columns: DetectedColumns; ignoredContent?: true }> = {
  'rows-of-commas.csv': {
    rows: [[2, ['a']]],
    columns: { header: 1, token: 1, tags: 2, ignored: ['note'] },
  },
  'first-row-vanishes.csv': {
    rows: [
      [1, 'INVALID_TOKEN'],
      [2, []],
    ],
    columns: { header: null, token: 2, tags: null, ignored: [1] },
    ignoredContent: true,
  },
  'title-above-header.csv': {
    rows: [[3, []]],
    columns: { header: 2, token: 1, tags: null, ignored: ['station', 'operator'] },
  },
  'time-becomes-tag.csv': {
    rows: [[4, []]],
    columns: { header: 3, token: 3, tags: null, ignored: ['imei', 'uuid', 'time'] },
  },
  'excel-imei.csv': {
    rows: [
      [1, []],
      [2, []],
    ],
    columns: { header: null, token: 1, tags: null, ignored: [2] },
    ignoredContent: true,
  },
  'local-date.csv': {
    rows: [
      [1, []],
      [2, []],
    ],
    columns: { header: null, token: 3, tags: null, ignored: [1, 2, 4] },
    ignoredContent: true,
  },
  'cut-then-whole.csv': {
    rows: [
      [1, 'INVALID_TOKEN'],
      [2, []],
    ],
    columns: { header: null, token: 1, tags: null, ignored: [] },
  },
  'terminal-log.txt': {
    rows: [[1, []]],
    columns: { header: null, token: null, tags: null, ignored: [] },
  },
};

const short = (row: Row): Expected => [row.line, row.ok ? row.tags : row.code];

describe('rows: inputs that failed', () => {
  for (const [name, { rows, columns, ignoredContent = false }] of Object.entries(CASES)) {
    it(`reads ${name} as a file, a Buffer and text`, async () => {
      const path = join(FOLDER, name);
      for (const source of [
        { kind: 'file', path } as const,
        { kind: 'value', value: readFileSync(path) } as const,
        { kind: 'value', value: readFileSync(path, 'utf8') } as const,
      ]) {
        const found = await readSource(source);
        assert.deepEqual(found.rows.map(short), rows);
        assert.deepEqual(found.columns, columns);
        assert.equal(found.ignoredContent, ignoredContent);
      }
    });
  }

  it('refuses json-as-csv.txt, and says that it is JSON text', async () => {
    const reading = readSource({ kind: 'file', path: join(FOLDER, 'json-as-csv.txt') });
    await assert.rejects(reading, (error: Error) => error instanceof InvalidValue && error.message.includes('JSON'));
  });
});
