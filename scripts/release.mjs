// Is this checkout ready to be published? npm run release:check [-- --matrix] looks at version, tag, changelog and
// repository, runs all checks (with --matrix on every row), packs, and prints what to do. It publishes nothing.
// For others: --state only looks, and --dist-tag prints the npm tag of the version.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, packAndInstall } from './packed.mjs';

const FOLDER = process.cwd();
const read = (path) => readFileSync(join(FOLDER, path), 'utf8');
const git = (...args) => spawnSync('git', args, { cwd: FOLDER, encoding: 'utf8' }).stdout.trim();
const options = process.argv.slice(2);
const manifest = JSON.parse(read('package.json'));
const { name, version } = manifest;
const tag = `v${version}`;
/** npm installs what is tagged `latest` unless it is told otherwise: no release candidate may be. */
const distTag = version.includes('-') ? 'next' : 'latest';

/** What keeps this checkout from being published, a sentence each. */
function problems() {
  const found = [];
  const must = (holds, sentence) => {
    if (!holds) found.push(sentence);
  };
  must(git('status', '--porcelain') === '', 'There are changes that are not committed; commit them or take them back.');
  const locked = JSON.parse(read('package-lock.json'));
  must(
    locked.version === version && locked.packages[''].version === version,
    `package-lock.json has another version than ${version}; run npm install.`,
  );
  const changelog = read('CHANGELOG.md').split('\n');
  must(
    changelog.some((line) => line.startsWith(`## [${version}] - `) && /\d{4}-\d\d-\d\d$/.test(line)),
    `CHANGELOG.md has no heading "## [${version}] - <date>"; move what is unreleased below one.`,
  );
  const unreleased = changelog.indexOf('## [Unreleased]');
  const next = changelog.findIndex((line, index) => index > unreleased && line.startsWith('## '));
  must(
    unreleased === -1 || changelog.slice(unreleased + 1, next).every((line) => line === ''),
    'CHANGELOG.md has lines under "Unreleased"; move them below the version.',
  );
  const tags = git('tag', '--points-at', 'HEAD').split('\n').filter(Boolean);
  must(
    tags.length === 0 || tags.includes(tag),
    `This commit is tagged ${tags.join(', ')}, but its version is ${version}.`,
  );
  const elsewhere = git('rev-parse', '--verify', '--quiet', `refs/tags/${tag}^{commit}`);
  must(
    elsewhere === '' || tags.includes(tag),
    `The tag ${tag} is on another commit; that version is taken, so choose the next one.`,
  );
  must(
    manifest.repository !== undefined,
    'package.json names no repository, which provenance is checked against; run npm pkg set repository.type=git ' +
      'repository.url=git+https://<host>/<owner>/<name>.git with the public one.',
  );
  must(manifest.publishConfig?.provenance === true, 'publishConfig.provenance is not set in package.json.');
  return found;
}

/** Runs one of package.json's scripts in this terminal, and ends here if it fails. */
function insistOn(script, ...args) {
  console.log(`\n== npm run ${[script, ...args].join(' ')}`);
  const { status } = spawnSync('npm', ['run', script, ...args], {
    cwd: FOLDER,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error(`npm run ${script} failed: not ready to be published.`);
    process.exit(1);
  }
}

if (options.includes('--dist-tag')) {
  console.log(distTag);
  process.exit();
}
const found = problems();
for (const sentence of found) console.error(sentence);
if (found.length > 0) process.exit(1);
console.log(`${name} ${version} is committed, has its changelog, and ${tag} is its tag or free.`);
if (options.includes('--state')) process.exit();

for (const script of ['licences', 'typecheck', 'lint', 'scorecard', 'test']) insistOn(script);
if (options.includes('--matrix')) insistOn('test:matrix', '--', '--print');
if (git('status', '--porcelain') !== '') {
  console.error('The checks have left changes behind; what is packed would not be what is committed.');
  process.exit(1);
}
// What has no source any more must not be in it.
for (const script of ['clean', 'build']) insistOn(script);
const release = resolve(FOLDER, '.cache/release');
rmSync(release, { recursive: true, force: true });
mkdirSync(release, { recursive: true });
const packed = packAndInstall(release);
const tarball = relative(FOLDER, packed.tarball);
console.log(`
${describe(packed)}

Nothing is published yet. That is a person's act:
  git tag -a ${tag} -m ${version} && git push origin ${tag}
and then approve the workflow "release", which runs this again and publishes with provenance:
  npm publish ./${tarball} --provenance --access public --tag ${distTag}
From this computer it works without provenance only, as no one vouches for it here:
  npm publish ./${tarball} --provenance=false --access public --tag ${distTag}
Then have the flow library look at it: https://flows.nodered.org/add/node
${distTag === 'next' ? `People get it with: npm install ${name}@next` : ''}`);
