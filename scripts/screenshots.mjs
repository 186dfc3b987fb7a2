// Takes the README's pictures into docs/, all of them with the newest Node-RED: npm run screenshots.
import { spawnSync } from 'node:child_process';
import { ensureRuntime } from './runtimes.mjs';

const { node, nodeRed } = ensureRuntime('node24-red5.0');
const failed = ['test/editor/screenshots.ts', 'test/dashboard/screenshots.ts'].filter((program) => {
  const { status } = spawnSync(node, ['--import', 'tsx', program], {
    stdio: 'inherit',
    env: { ...process.env, NODE_RED_PATH: nodeRed },
  });
  return status !== 0;
});
if (failed.length > 0) {
  console.error(`No pictures from ${failed.join(', ')}.`);
  process.exit(1);
}
