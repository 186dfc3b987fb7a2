import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const security = readFileSync(resolve(ROOT, 'SECURITY.md'), 'utf8');

describe('runtime dependencies', () => {
  const list = execFileSync(process.execPath, ['scripts/supply-chain.mjs'], { cwd: ROOT, encoding: 'utf8' });
  const lines = list.trim().split('\n').slice(0, -1);

  it('runtime dependencies: none runs an install script, and all licences are accepted', () => {
    assert.match(list, new RegExp(`^${lines.length} packages, 0 problems$`, 'm'));
  });

  it('runtime dependencies: SECURITY.md names each with its licence', () => {
    const table = security.slice(security.indexOf('## Dependencies'));
    for (const line of lines) {
      const [name = '', , licence = ''] = line.split(/\s+/);
      const row = table.split('\n').find((text) => text.includes(`\`${name}\``));
      assert.ok(row?.includes(`| ${licence} |`), line);
    }
  });
});

describe('SECURITY.md', () => {
  it('SECURITY.md: every test that it names exists', () => {
    const paths = [...security.matchAll(/`((?:test|stress)\/[\w./-]+)`/g)].map(([, path]) => path!);
    assert.ok(paths.length > 10);
    for (const path of new Set(paths)) assert.ok(existsSync(resolve(ROOT, path)), path);
  });
});
