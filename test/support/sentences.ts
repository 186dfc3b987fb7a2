import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';

/**
 * All sentences that tests see, in one file, so that their wording is improved in one place; tests themselves assert codes
 * and facts. After a change, run the specs with `UPDATE_SENTENCES=1` and read the difference.
 */
const ROOT = resolve(__dirname, '../..');
const FILE = resolve(__dirname, '../sentences.json');
const isUpdate = process.env['UPDATE_SENTENCES'] !== undefined;

/** By spec and title of the test, in the order in which the test sees them. */
type Sentences = Record<string, Record<string, string[]>>;

/** What differs from run to run. */
const VARIABLE: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '<uuid>'],
  [/(127\.0\.0\.1|localhost):\d+/g, '$1:<port>'],
  [/\/tmp\/[^\s;"]+/g, '<path>'],
  // Newer versions of Node.js say it.
  [/ \(line \d+ column \d+\)/g, ''],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<date>'],
];

const stored: Sentences = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Sentences) : {};
const seen: Sentences = {};
let current = { spec: '', title: '' };

/** Compares a sentence with the one that is stored for this place of the running test. */
export function assertSentence(text: unknown): void {
  assert.equal(typeof text, 'string');
  const { spec, title } = current;
  const sentence = VARIABLE.reduce((known, [pattern, name]) => known.replace(pattern, name), text as string);
  const sentences = ((seen[spec] ??= {})[title] ??= []);
  sentences.push(sentence);
  if (!isUpdate) assert.equal(sentence, stored[spec]?.[title]?.[sentences.length - 1]);
}

/** The hooks that mocha runs around all tests. */
export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    const { file = '' } = this.currentTest!;
    current = {
      spec: relative(ROOT, file).replaceAll('\\', '/'),
      title: this.currentTest!.fullTitle(),
    };
    // A repeated test begins anew.
    if (seen[current.spec] !== undefined) seen[current.spec]![current.title] = [];
  },
  async afterAll(): Promise<void> {
    if (!isUpdate) return;
    const all = Object.entries({ ...stored, ...seen }).sort(([a], [b]) => (a < b ? -1 : 1));
    const sorted = Object.fromEntries(all.map(([spec, tests]) => [spec, withoutEmpty(tests)]));
    const options = (await resolveConfig(FILE)) ?? {};
    writeFileSync(FILE, await format(JSON.stringify(sorted), { ...options, parser: 'json' }));
  },
};

function withoutEmpty(tests: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(tests).filter(([, sentences]) => sentences.length > 0));
}
