import { setTimeout } from 'node:timers/promises';
import { Demo, type Endpoints } from './demo';
import { instructions } from './instructions';
import { ONCE_ONBOARDING_TIMEOUT_S } from './once/batch';
import { runOnce } from './once/once';
import { HELP, readOptions, type DemoOptions } from './options';
import { Controls } from '../harness/controls';

/** Exit codes of a run that was interrupted, as shells define them. */
const INTERRUPTIONS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** How often the demo checks whether its parent process still runs. */
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
  const ended = new AbortController();
  const demo = new Demo(options.ports, print, options.once ? ONCE_ONBOARDING_TIMEOUT_S : undefined);
  const ends = [
    interruption(options),
    demo.lost,
    demo.start().then((endpoints) => run(options, endpoints, ended.signal)),
  ];
  if (options.once) ends.push(timeLimit(options.timeLimit, ended.signal));
  try {
    return await Promise.race(ends);
  } finally {
    ended.abort();
    await demo.stop();
  }
}

async function run({ once }: DemoOptions, endpoints: Endpoints, signal: AbortSignal): Promise<number> {
  if (once) return (await runOnce(endpoints, print, signal)) ? 0 : 1;
  print(instructions(endpoints, await new Controls(endpoints.controls).mint(4)));
  return new Promise(() => undefined);
}

/**
 * Resolves with the exit code when a signal arrives or the parent process has ended: `npm run` passes a signal to a
 * shell that ends without passing it on. Further signals are ignored, as the demo is already ending.
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
