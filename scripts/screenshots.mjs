// Takes the README's pictures into docs/, and pictures of all dialogs beside core's into test-results/dialogs/, all of
// them with the newest Node-RED: npm run screenshots.
import { runOn } from './runtimes.mjs';

const PROGRAMS = ['test/editor/screenshots.ts', 'test/editor/dialog-pictures.ts', 'test/dashboard/screenshots.ts'];

const failed = [];
for (const program of PROGRAMS) if (!(await runOn('node24-red5.0', ['--import', 'tsx', program]))) failed.push(program);
if (failed.length > 0) {
  console.error(`No pictures from ${failed.join(', ')}.`);
  process.exit(1);
}
