import { readFileSync } from 'node:fs';
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';

/** How often the holder shows that it lives, in milliseconds; another host takes the lock over after {@link STALE_MS}. */
const HEARTBEAT_MS = 20_000;
const STALE_MS = 90_000;
/** How long a lock that was taken over must stand before it counts, in milliseconds. */
const TAKEOVER_MS = 100;

/** Who holds the lock. */
interface Holder {
  pid: number;
  host: string;
  /** When the process started, as the kernel counts; absent where it does not say. A process id is used again. */
  started?: string;
}

/** Keeps a second process out of a folder. */
export class FolderLock {
  readonly #heartbeat: NodeJS.Timeout;

  private constructor(private readonly path: string) {
    this.#heartbeat = setInterval(() => void this.#touch(), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /**
   * Takes the lock.
   * @returns `undefined` if a living process holds it
   * @throws the system's error if the folder cannot be written
   */
  static async take(path: string): Promise<FolderLock | undefined> {
    const mine = `${JSON.stringify(thisProcess())}\n`;
    for (let attempt = 0; attempt < 3; attempt++) {
      if (await create(path, mine)) {
        // Two processes that both found the holder gone may both have come here; the second one's file counts.
        if (attempt > 0) await setTimeout(TAKEOVER_MS);
        return (await readFile(path, 'utf8').catch(() => '')) === mine ? new FolderLock(path) : undefined;
      }
      if (await isHeld(path)) return undefined;
      await rm(path, { force: true });
    }
    return undefined;
  }

  /** Releases the lock. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    await rm(this.path, { force: true });
  }

  async #touch(): Promise<void> {
    const now = new Date();
    // A folder that was removed meanwhile is noticed by the next write.
    await utimes(this.path, now, now).catch(() => undefined);
  }
}

/** @returns false if the file exists already */
async function create(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function thisProcess(): Holder {
  const started = startOf(process.pid);
  return { pid: process.pid, host: hostname(), ...(started === undefined ? {} : { started }) };
}

async function isHeld(path: string): Promise<boolean> {
  let holder: Partial<Holder>;
  let age: number;
  try {
    holder = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
    age = Date.now() - (await stat(path)).mtimeMs;
  } catch {
    // Written halfway by a process that died, or removed since.
    return false;
  }
  const { pid, host, started } = holder;
  if (typeof pid !== 'number') return false;
  if (host !== hostname()) return age < STALE_MS;
  // A container starts with the same process id each time.
  if (pid === process.pid || !isAlive(pid)) return false;
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
