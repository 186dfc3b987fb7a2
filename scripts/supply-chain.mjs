// Lists what a user installs along with this package, with its licences, and refuses what must not be in there.
// The lock file says it all, so that it works without a network. `npm run sbom` prints the same as CycloneDX.
import { readFileSync } from 'node:fs';

/** Licences that ask for nothing but to be named. */
const LICENCES = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD']);

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
const installed = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
const problems = [];

for (const [path, { version, license, hasInstallScript, engines }] of installed) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  console.log(
    `${name.padEnd(24)} ${version.padEnd(8)} ${license}${engines?.node ? `  (Node.js ${engines.node})` : ''}`,
  );
  if (hasInstallScript) problems.push(`${name} runs a script when it is installed`);
  if (!LICENCES.has(license)) problems.push(`${name} has the licence ${license}, which nobody has looked at`);
}
for (const problem of problems) console.error(problem);
console.log(`${installed.length} packages, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
