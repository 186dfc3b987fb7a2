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

describe('a release', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nrfcloud-release-'));
    git('init', '--quiet');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const git = (...args: string[]): void => {
    const who = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
    execFileSync('git', [...who, ...args], { cwd: folder, stdio: 'pipe' });
  };
  const write = (name: string, content: unknown): void =>
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  /** A checkout in which everything is committed. */
  const commit = (files: { manifest?: object; locked?: string; changelog?: string } = {}): void => {
    const { manifest = READY, locked = READY.version, changelog = CHANGELOG } = files;
    write('package.json', manifest);
    write('package-lock.json', { version: locked, packages: { '': { version: locked } } });
    write('CHANGELOG.md', changelog);
    git('add', '.');
    git('commit', '--quiet', '--message', 'all');
  };
  /** What the script finds, looking only. */
  const look = (): { ready: boolean; sentences: string } => {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, '--state'], { cwd: folder, encoding: 'utf8' });
    return { ready: status === 0, sentences: stderr };
  };
  const refused = (sentence: RegExp): void => {
    const { ready, sentences } = look();
    assert.equal(ready, false);
    assert.match(sentences, sentence);
    assert.equal(sentences.trim().split('\n').length, 1, sentences);
  };

  it('is ready when all agree, before the tag and with it', () => {
    commit();
    assert.deepEqual(look(), { ready: true, sentences: '' });
    git('tag', 'v1.0.0-rc.1');
    assert.deepEqual(look(), { ready: true, sentences: '' });
  });

  it('is refused with changes that are not committed', () => {
    commit();
    write('other.txt', '');
    refused(/not committed/);
  });

  it('is refused when the lock file has another version', () => {
    commit({ locked: '0.9.0' });
    refused(/package-lock\.json has another version than 1\.0\.0-rc\.1/);
  });

  it('is refused when the changelog does not know the version, or not its date', () => {
    commit({ changelog: CHANGELOG.replace(' - 2026-11-24', '') });
    refused(/CHANGELOG\.md has no heading/);
  });

  it('is refused when the changelog has more that is not released', () => {
    commit({ changelog: CHANGELOG.replace('[Unreleased]\n', '[Unreleased]\n\n- Something.\n') });
    refused(/lines under "Unreleased"/);
  });

  it('is refused when the tag names another version', () => {
    commit();
    git('tag', 'v1.0.0');
    refused(/This commit is tagged v1\.0\.0, but its version is 1\.0\.0-rc\.1/);
  });

  it('is refused when the version was tagged before', () => {
    commit();
    git('tag', 'v1.0.0-rc.1');
    write('other.txt', '');
    git('add', '.');
    git('commit', '--quiet', '--message', 'more');
    refused(/The tag v1\.0\.0-rc\.1 is on another commit/);
  });

  it('is refused without a repository, or without provenance', () => {
    commit({ manifest: { ...READY, repository: undefined } });
    refused(/names no repository/);
    commit({ manifest: { ...READY, publishConfig: {} } });
    refused(/publishConfig\.provenance/);
  });

  it('of a candidate is not what npm installs without being asked', () => {
    const tagOf = (version: string): string => {
      write('package.json', { ...READY, version });
      return execFileSync(process.execPath, [SCRIPT, '--dist-tag'], { cwd: folder, encoding: 'utf8' }).trim();
    };
    assert.equal(tagOf('1.0.0-rc.1'), 'next');
    assert.equal(tagOf('1.0.0'), 'latest');
  });
});
