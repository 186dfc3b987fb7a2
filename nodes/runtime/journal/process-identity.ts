import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process that holds something which others want, too. */
export interface Holder {
  pid: number;
  host: string;
  /** When the process started, as the kernel counts; absent where it does not say. A process id is used again. */
  started?: string;
}

/** This process. */
export function thisProcess(): Holder {
  return identify(process.pid);
}

/** A process of this computer. */
export function identify(pid: number): Holder {
  const started = startOf(pid);
  return { pid, host: hostname(), ...(started === undefined ? {} : { started }) };
}

/**
 * Whether a process runs; `undefined` if that is not known: it is another computer's, or nothing says whether the one that
 * runs is another one with the same id.
 */
export function isRunning({ pid, host, started }: Partial<Holder>): boolean | undefined {
  if (typeof pid !== 'number') return false;
  if (host !== hostname()) return undefined;
  if (pid === process.pid) return started === undefined || started === startOf(pid);
  if (!isAlive(pid)) return false;
  const running = startOf(pid);
  return started === undefined || running === undefined ? undefined : started === running;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started: boot and clock ticks since then, from Linux's /proc. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold spaces; the start is the 20th field after it.
    return `${boot} ${line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return undefined;
  }
}
