import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A peer in a process of its own, which stays for all rounds, as Node-RED does. */
export interface Peer {
  /** Does some work once, and tells how many seconds it took. @throws {Error} when it can't be done */
  work: (work: object) => Promise<number>;
  stop: () => Promise<void>;
}

/** Starts a peer from its program, which calls {@link serve}. */
export function startPeer(program: string): Peer {
  const child = fork(program, { execArgv: ['--import', 'tsx'] });
  return {
    work: async (work) => {
      const answer = once(child, 'message');
      child.send(work);
      const [told] = (await answer) as [{ seconds: number } | { error: string }];
      if ('error' in told) throw new Error(told.error);
      return told.seconds;
    },
    stop: async () => {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

/** What a peer's program does all its life: its work whenever it is told to, timed. It ends when its parent lets go. */
export function serve(work: (work: never) => Promise<void>): void {
  process.on('message', (asked) => {
    const begun = performance.now();
    work(asked as never).then(
      () => process.send!({ seconds: (performance.now() - begun) / 1000 }),
      (error: unknown) => process.send!({ error: String(error) }),
    );
  });
}
