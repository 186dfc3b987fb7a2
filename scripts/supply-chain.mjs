// Lists the runtime dependencies with their licences, and fails if one runs an install script or has another licence.
// Reads the lock file only, so it works without a network. `npm run sbom` prints the same as CycloneDX.
import { readFileSync } from 'node:fs';

/** Accepted licences: they only require attribution. */
const LICENCES = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD']);

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
const installed = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
const problems = [];

for (const [path, { version, license, hasInstallScript, engines }] of installed) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  console.log(
    `${name.padEnd(24)} ${version.padEnd(8)} ${license}${engines?.node ? `  (Node.js ${engines.node})` : ''}`,
  );
  if (hasInstallScript) problems.push(`${name} runs an install script`);
  if (!LICENCES.has(license)) problems.push(`${name} has the licence ${license}, which is not among the accepted ones`);
}
for (const problem of problems) console.error(problem);
console.log(`${installed.length} packages, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
