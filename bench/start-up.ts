import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PRODUCT } from './flows';
import { makeFolder } from './folder';
import type { Bench, Figures, Load } from './runner/bench';
import { mib, startBenchNodeRed } from './node-red/node-red';

const ROOT = resolve(__dirname, '..');
const NAME = 'node-red-contrib-nrfcloud-provisioning';
const MS = 'ms until it runs';
const MEMORY = 'MiB resident';
const EMPTY = 'empty Node-RED';

/** What the package adds to a Node-RED without flows, which loads all that is installed whenever it starts. */
export const startUp: Bench = {
  name: 'start-up',
  work: () => 'start of Node-RED without flows',
  start: (load) => {
    const folder = makeFolder();
    const userDir = folder.path('user');
    mkdirSync(join(userDir, 'node_modules'), { recursive: true });
    const link = join(userDir, 'node_modules', NAME);
    const without = (): Promise<Figures> => {
      rmSync(link, { force: true });
      writeFileSync(join(userDir, 'package.json'), '{}');
      return measure(userDir, load);
    };
    const withPackage = (): Promise<Figures> => {
      symlinkSync(ROOT, link, 'junction');
      writeFileSync(join(userDir, 'package.json'), JSON.stringify({ dependencies: { [NAME]: '*' } }));
      return measure(userDir, load);
    };
    return Promise.resolve({
      contenders: { [PRODUCT]: withPackage, [EMPTY]: without },
      goals: [
        { figure: MS, above: EMPTY, atMost: 40 },
        { figure: MEMORY, above: EMPTY, atMost: 5 },
      ],
      stop: () => {
        folder.remove();
        return Promise.resolve();
      },
    });
  },
};

async function measure(userDir: string, load: Load): Promise<Figures> {
  const begun = performance.now();
  const nodeRed = await startBenchNodeRed([], load, userDir);
  const ms = performance.now() - begun;
  const { rss } = await nodeRed.resetGauge();
  await nodeRed.stop();
  return { [MS]: ms, [MEMORY]: mib(rss) };
}
