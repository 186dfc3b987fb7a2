import { setTimeout } from 'node:timers/promises';
import { Demo, type Places } from './demo';
import { instructions } from './instructions';
import { runOnce } from './once/once';
import { HELP, readOptions, type DemoOptions } from './options';
import { Controls } from '../harness/controls';

/** Exit codes of a run that was interrupted, as shells have them. */
const INTERRUPTIONS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** How often the demo looks whether its parent process is still there. */
const PARENT_CHECK_MS = 500;

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);

/** @returns the exit code */
async function main(argv: string[]): Promise<number> {
  const options = readOptions(argv);
  if (options.help) return print(HELP.trimEnd());
  const over = new AbortController();
  const demo = new Demo(options.ports, print);
  const ends = [interruption(options), demo.lost, demo.start().then((places) => run(options, places, over.signal))];
  if (options.once) ends.push(timeLimit(options.timeLimit, over.signal));
  try {
    return await Promise.race(ends);
  } finally {
    over.abort();
    await demo.stop();
  }
}

async function run({ once }: DemoOptions, places: Places, signal: AbortSignal): Promise<number> {
  if (once) return (await runOnce(places, print, signal)) ? 0 : 1;
  print(instructions(places, await new Controls(places.controls).mint(3)));
  return new Promise(() => undefined);
}

/**
 * Resolves when somebody wants the demo to end: by a signal, or by ending what it was started from. `npm run` hands a
 * signal on to a shell that ends alone. Asking again changes nothing: the demo is ending already.
 */
function interruption({ once }: DemoOptions): Promise<number> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const end = (code: number): void => resolve(once ? code : 0);
    for (const [signal, code] of Object.entries(INTERRUPTIONS)) process.on(signal, () => end(code));
    setInterval(() => {
      if (process.ppid !== parent) end(INTERRUPTIONS.SIGHUP);
    }, PARENT_CHECK_MS).unref();
  });
}

async function timeLimit(seconds: number, signal: AbortSignal): Promise<never> {
  await setTimeout(seconds * 1000, undefined, { signal });
  throw new Error(`The demo did not end within ${seconds} s; give it more time with --time-limit.`);
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
