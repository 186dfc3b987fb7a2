// Runs the specs on one or several runtimes: node scripts/test.mjs [<runtime> …] [-- <options and specs for mocha>].
// Here all of them run; on other runtimes those that depend on Node-RED.
import { runOn } from './runtimes.mjs';

const CORNERS = ['here', 'node24-red5.0'];
const ALL = ['test/**/*_spec.ts'];
const OF_NODE_RED = ['test/nodes/**/*_spec.ts', 'test/flows/**/*_spec.ts', 'test/editor/**/*_spec.ts'];

const words = process.argv.slice(2);
const end = words.includes('--') ? words.indexOf('--') : words.length;
const names = end > 0 ? words.slice(0, end) : CORNERS;
const rest = words.slice(end + 1);

const failed = names.filter((name) => {
  console.log(`\n== tests on ${name}`);
  const specs = rest.some((word) => word.endsWith('.ts')) ? [] : name === 'here' ? ALL : OF_NODE_RED;
  return !runOn(name, ['node_modules/mocha/bin/mocha.js', ...specs, ...rest]);
});
if (failed.length > 0) {
  console.error(`Tests failed on ${failed.join(', ')}.`);
  process.exit(1);
}
