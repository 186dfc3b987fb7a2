import { fork } from 'node:child_process';
import { once } from 'node:events';

/** What some work took in a peer's process. */
export interface Spent {
  seconds: number;
  /** CPU time of all its threads, in milliseconds. */
  cpuMs: number;
  /** Most resident memory beyond that at the beginning, in bytes. */
  more: number;
  /** What the work gave. */
  result?: unknown;
}

/** A peer in a process of its own, which stays for all rounds, as Node-RED does. */
export interface Peer {
  /** Does some work once, and tells how many seconds it took. @throws {Error} when it can't be done */
  work: (work: object) => Promise<number>;
  /** The same, and tells what else it took. */
  measure: (work: object) => Promise<Spent>;
  stop: () => Promise<void>;
}

/** Starts a peer from its program, which calls {@link serve}. */
export function startPeer(program: string): Peer {
  const child = fork(program, { execArgv: ['--import', 'tsx'] });
  const measure = async (work: object): Promise<Spent> => {
    const answer = once(child, 'message');
    child.send(work);
    const [told] = (await answer) as [Spent | { error: string }];
    if ('error' in told) throw new Error(told.error);
    return told;
  };
  return {
    measure,
    work: async (work) => (await measure(work)).seconds,
    stop: async () => {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

/** The main loop of a peer's program: runs and measures `work` for each message; exits when its parent disconnects. */
export function serve(work: (work: never) => Promise<unknown>): void {
  const measured = async (asked: never): Promise<Spent> => {
    const idle = process.memoryUsage.rss();
    let peak = idle;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
    const cpu = process.cpuUsage();
    const begun = performance.now();
    try {
      const result = await work(asked);
      const seconds = (performance.now() - begun) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      return { seconds, cpuMs: (user + system) / 1000, more: Math.max(peak, process.memoryUsage.rss()) - idle, result };
    } finally {
      clearInterval(watch);
    }
  };
  process.on('disconnect', () => process.exit());
  process.on('message', (asked) => {
    measured(asked as never).then(
      (spent) => process.send!(spent),
      (error: unknown) => process.send!({ error: String(error) }),
    );
  });
}
