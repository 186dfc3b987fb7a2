// Checks whether this checkout can be published: npm run release:check [-- --matrix]. Checks version, tag, changelog and
// repository, runs all checks (with --matrix on every row), packs, and prints the next steps. It publishes nothing.
// For scripts: --state checks the state only, and --dist-tag prints the npm tag of the version.
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
/** npm installs `latest` by default, so a release candidate must have another tag. */
const distTag = version.includes('-') ? 'next' : 'latest';

/** Why this checkout cannot be published, one sentence per reason. */
function findProblems() {
  const found = [];
  const check = (holds, sentence) => {
    if (!holds) found.push(sentence);
  };
  check(git('status', '--porcelain') === '', 'Some changes are not committed; commit or revert them.');
  const locked = JSON.parse(read('package-lock.json'));
  check(
    locked.version === version && locked.packages[''].version === version,
    `package-lock.json has another version than ${version}; run npm install.`,
  );
  const changelog = read('CHANGELOG.md').split('\n');
  check(
    changelog.some((line) => line.startsWith(`## [${version}] - `) && /\d{4}-\d\d-\d\d$/.test(line)),
    `CHANGELOG.md has no heading "## [${version}] - <date>"; move the unreleased lines below it.`,
  );
  const unreleased = changelog.indexOf('## [Unreleased]');
  const next = changelog.findIndex((line, index) => index > unreleased && line.startsWith('## '));
  check(
    unreleased === -1 || changelog.slice(unreleased + 1, next).every((line) => line === ''),
    'CHANGELOG.md has lines under "Unreleased"; move them below the version.',
  );
  const tags = git('tag', '--points-at', 'HEAD').split('\n').filter(Boolean);
  check(
    tags.length === 0 || tags.includes(tag),
    `This commit is tagged ${tags.join(', ')}, but its version is ${version}.`,
  );
  const taggedCommit = git('rev-parse', '--verify', '--quiet', `refs/tags/${tag}^{commit}`);
  check(taggedCommit === '' || tags.includes(tag), `The tag ${tag} is on another commit; choose the next version.`);
  check(
    manifest.repository !== undefined,
    'package.json names no repository, which provenance needs; run npm pkg set repository.type=git ' +
      'repository.url=git+https://<host>/<owner>/<name>.git.',
  );
  check(
    manifest.publishConfig?.provenance === true,
    'package.json does not set publishConfig.provenance; set it to true.',
  );
  return found;
}

/** Runs a script of package.json in this terminal, and exits if it fails. */
function runOrExit(script, ...args) {
  console.log(`\n== npm run ${[script, ...args].join(' ')}`);
  const { status } = spawnSync('npm', ['run', script, ...args], {
    cwd: FOLDER,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error(`npm run ${script} failed; this checkout cannot be published.`);
    process.exit(1);
  }
}

if (options.includes('--dist-tag')) {
  console.log(distTag);
  process.exit();
}
const found = findProblems();
for (const sentence of found) console.error(sentence);
if (found.length > 0) process.exit(1);
console.log(`${name} ${version} is committed and in the changelog, and the tag ${tag} is its own or free.`);
if (options.includes('--state')) process.exit();

for (const script of ['licences', 'typecheck', 'lint', 'scorecard', 'test']) runOrExit(script);
if (options.includes('--matrix')) runOrExit('test:matrix', '--', '--print');
if (git('status', '--porcelain') !== '') {
  console.error('The checks have changed files, so the package would differ from the commit.');
  process.exit(1);
}
// Files without a source must not be packed.
for (const script of ['clean', 'build']) runOrExit(script);
const release = resolve(FOLDER, '.cache/release');
rmSync(release, { recursive: true, force: true });
mkdirSync(release, { recursive: true });
const packed = packAndInstall(release);
const tarball = relative(FOLDER, packed.tarball);
console.log(`
${describe(packed)}

Nothing is published yet. Push the tag:
  git tag -a ${tag} -m ${version} && git push origin ${tag}
Then approve the workflow "release", which runs these checks again and publishes with provenance:
  npm publish ./${tarball} --provenance --access public --tag ${distTag}
From this computer you can only publish without provenance:
  npm publish ./${tarball} --provenance=false --access public --tag ${distTag}
Then add the package to the flow library: https://flows.nodered.org/add/node
${distTag === 'next' ? `Install it with: npm install ${name}@next` : ''}`);
