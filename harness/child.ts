import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Resource } from './resources';

/** How long a child may take to end by itself before it is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 10_000;
/** How many of its last lines are reported when it ends unasked. */
const LAST_LINES = 20;
const EXIT_WITH_PARENT = pathToFileURL(join(__dirname, 'exit-with-parent.mjs')).href;

/** What a child process is started with. */
export interface ChildOptions {
  /** What it is called in a sentence. */
  name: string;
  /** Path of the program, for Node.js. */
  program: string;
  args: string[];
  /** Options for Node.js itself. */
  nodeArgs?: string[];
  env?: Record<string, string>;
  /** Asked for every line that it prints, until it says that the child is ready. */
  isReady: (line: string) => boolean;
  /** Told every line that it prints, standard error included. */
  onLine?: ((line: string) => void) | undefined;
}

/** A child process that ends when the demo ends. */
export interface Child extends Resource {
  readonly pid: number;
  /** Rejects with a sentence when it ends without being asked to; never resolves. */
  readonly lost: Promise<never>;
  /** Kills it without warning, as a power cut does, and resolves when it has ended. */
  kill: () => Promise<void>;
}

/** Starts a child process. */
export function startChild(options: ChildOptions): Child {
  const { name, program, args, nodeArgs = [], env = {}, isReady, onLine } = options;
  const child = fork(program, args, {
    execArgv: [...nodeArgs, '--import', EXIT_WITH_PARENT],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own, so that a terminal's Ctrl+C reaches the demo alone, which then ends its parts in order.
    detached: true,
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  let stopping = false;
  let beReady = (): void => undefined;
  const isUp = new Promise<void>((resolve) => (beReady = resolve));
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
      onLine?.(line);
      if (isReady(line)) beReady();
    });
  }
  const lost = new Promise<never>((_resolve, reject) => {
    child.once('close', (code: number | null, signal: string | null) => {
      const how = signal ?? `exit code ${code}`;
      if (!stopping) reject(new Error([...lines, `${name} ended unasked (${how}).`].join('\n')));
    });
  });
  // Nobody may be waiting for it, and an unhandled rejection would end this process.
  lost.catch(() => undefined);
  const stop = async (): Promise<void> => {
    stopping = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(limit);
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await lost.catch(() => undefined);
  };
  return { pid: child.pid!, ready: Promise.race([isUp, lost]), lost, kill, stop };
}
