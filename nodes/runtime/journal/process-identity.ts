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
  const started = startOf(process.pid);
  return { pid: process.pid, host: hostname(), ...(started === undefined ? {} : { started }) };
}

/** Whether a process runs; `undefined` if it is another computer's, where this is not known. */
export function isRunning({ pid, host, started }: Partial<Holder>): boolean | undefined {
  if (typeof pid !== 'number') return false;
  if (host !== hostname()) return undefined;
  if (pid !== process.pid && !isAlive(pid)) return false;
  return started === undefined || started === startOf(pid);
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
