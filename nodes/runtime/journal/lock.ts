import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { isRunning, thisProcess, type Holder } from './process-identity';

/** How often the holder renews the lock, in milliseconds; another host takes the lock over after {@link STALE_MS}. */
const HEARTBEAT_MS = 20_000;
const STALE_MS = 90_000;
/** How long a lock that was taken over must stay unchanged before it counts, in milliseconds. */
const TAKEOVER_MS = 100;

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
  // This process holds no lock that it does not know of: a container starts with the same process id each time.
  if (holder.pid === process.pid && isRunning(holder) !== undefined) return false;
  return isRunning(holder) ?? age < STALE_MS;
}
