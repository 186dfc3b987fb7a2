// Node-RED's own scorecard (node-red-dev) of the packed package: npm run scorecard. It fails if a check fails for which no
// reason stands here, if a check is missing, or if the scorecard did not see all nodes: what it can't read, it passes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installAsPalette, pack } from '../../scripts/packed.mjs';
import { startInternet } from './internet.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const CHECKS = ['P01', 'P03', 'P04', 'P05', 'P06', 'P07', 'P08', 'N01', 'N02', 'D01', 'D02', 'D03'];
/** Dependencies that stay behind the newest version, and why. */
const HELD_BACK = {
  undici: 'version 8 needs Node.js 22.19, and Node.js 20 is supported',
};

/** A check that fails until the first release, and why. */
const NOT_YET = { P03: 'who publishes the package enters the repository; npm run release:check insists on it' };

/** Everything that is wrong with a scorecard. */
function problemsOf(card, manifest) {
  const later = manifest.repository === undefined ? NOT_YET : {};
  const missing = CHECKS.filter((check) => card[check] === undefined).map((check) => `${check} was not checked`);
  const failed = CHECKS.filter((check) => card[check]?.test === false && check !== 'D03' && !later[check]).map(
    (check) => `${check} failed: ${JSON.stringify(card[check])}`,
  );
  const old = (card.D03?.packages ?? [])
    .filter((name) => HELD_BACK[name] === undefined)
    .map((name) => `D03: ${name} is behind its newest version, and no reason is given`);
  // It leaves config nodes out of N02.
  const ours = Object.keys(manifest['node-red'].nodes).filter((type) => type !== 'nrfcloud-connection');
  const unseen = ours
    .filter((type) => !card.N02?.nodes?.includes(type))
    .map((type) => `N02: it has not seen ${type}, or no example of it`);
  return [...missing, ...failed, ...old, ...unseen];
}

const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-scorecard-'));
const internet = await startInternet(here('../../package-lock.json'));
try {
  const path = installAsPalette(pack(folder).tarball, join(folder, 'user'));
  const output = join(folder, 'scorecard.json');
  const args = ['--import', pathToFileURL(here('network.mjs')).href, here('node_modules/node-red-dev/bin/run')];
  const child = spawn(process.execPath, [...args, 'validate', '--path', path, '--output', output], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      SCORECARD_NETWORK: internet.url,
      npm_config_registry: internet.url,
      npm_registry: internet.url,
    },
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
    process.stdout.write(text);
  });
  await once(child, 'close');
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  const card = JSON.parse(readFileSync(output, 'utf8'));
  const problems = problemsOf(card, manifest);
  if (said.includes('Unable to parse')) problems.push('it could not parse a dialog');
  if (card.P03?.test === false) console.log(`P03: ${NOT_YET.P03}`);
  for (const name of card.D03?.packages ?? []) console.log(`${name} stays behind: ${HELD_BACK[name] ?? 'why?'}`);
  console.log(`${CHECKS.length} checks, ${problems.length} problems`);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  internet.close();
  rmSync(folder, { recursive: true, force: true });
}
