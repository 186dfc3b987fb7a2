import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const SCRIPT = resolve(__dirname, '../../scripts/release.mjs');
const READY = {
  name: 'a-package',
  version: '1.0.0-rc.1',
  repository: 'somebody/a-package',
  publishConfig: { provenance: true },
};
const CHANGELOG = '# Changelog\n\n## [Unreleased]\n\n## [1.0.0-rc.1] - 2026-11-24\n';

describe('release check', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nrfcloud-release-'));
    git('init', '--quiet');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const git = (...args: string[]): void => {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
    execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'pipe' });
  };
  const write = (name: string, content: unknown): void =>
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  /** Commits a checkout. */
  const commit = (files: { manifest?: object; locked?: string; changelog?: string } = {}): void => {
    const { manifest = READY, locked = READY.version, changelog = CHANGELOG } = files;
    write('package.json', manifest);
    write('package-lock.json', { version: locked, packages: { '': { version: locked } } });
    write('CHANGELOG.md', changelog);
    git('add', '.');
    git('commit', '--quiet', '--message', 'all');
  };
  /** Runs the check of the state. */
  const checkState = (): { ready: boolean; sentences: string } => {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, '--state'], { cwd: folder, encoding: 'utf8' });
    return { ready: status === 0, sentences: stderr };
  };
  const assertRefused = (sentence: RegExp): void => {
    const { ready, sentences } = checkState();
    assert.equal(ready, false);
    assert.match(sentences, sentence);
    assert.equal(sentences.trim().split('\n').length, 1, sentences);
  };

  it('release check: accepts a checkout whose files agree, untagged and tagged', () => {
    commit();
    assert.deepEqual(checkState(), { ready: true, sentences: '' });
    git('tag', 'v1.0.0-rc.1');
    assert.deepEqual(checkState(), { ready: true, sentences: '' });
  });

  it('release check: refuses uncommitted changes', () => {
    commit();
    write('other.txt', '');
    assertRefused(/not committed/);
  });

  it('release check: refuses a lock file with another version', () => {
    commit({ locked: '0.9.0' });
    assertRefused(/package-lock\.json has another version than 1\.0\.0-rc\.1/);
  });

  it('release check: refuses a changelog without the version and its date', () => {
    commit({ changelog: CHANGELOG.replace(' - 2026-11-24', '') });
    assertRefused(/CHANGELOG\.md has no heading/);
  });

  it('release check: refuses a changelog with unreleased lines', () => {
    commit({ changelog: CHANGELOG.replace('[Unreleased]\n', '[Unreleased]\n\n- Something.\n') });
    assertRefused(/lines under "Unreleased"/);
  });

  it('release check: refuses a tag of another version', () => {
    commit();
    git('tag', 'v1.0.0');
    assertRefused(/This commit is tagged v1\.0\.0, but its version is 1\.0\.0-rc\.1/);
  });

  it('release check: refuses a version that was tagged on another commit', () => {
    commit();
    git('tag', 'v1.0.0-rc.1');
    write('other.txt', '');
    git('add', '.');
    git('commit', '--quiet', '--message', 'more');
    assertRefused(/The tag v1\.0\.0-rc\.1 is on another commit/);
  });

  it('release check: refuses a manifest without repository or provenance', () => {
    commit({ manifest: { ...READY, repository: undefined } });
    assertRefused(/names no repository/);
    commit({ manifest: { ...READY, publishConfig: {} } });
    assertRefused(/publishConfig\.provenance/);
  });

  it('release check: a release candidate does not get the tag latest', () => {
    const tagOf = (version: string): string => {
      write('package.json', { ...READY, version });
      return execFileSync(process.execPath, [SCRIPT, '--dist-tag'], { cwd: folder, encoding: 'utf8' }).trim();
    };
    assert.equal(tagOf('1.0.0-rc.1'), 'next');
    assert.equal(tagOf('1.0.0'), 'latest');
  });
});
