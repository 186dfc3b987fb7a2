import { readFileSync, unlinkSync } from 'node:fs';
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { isRunning, thisProcess, type Holder } from './process-identity';

/** How often the holder renews the lock, in milliseconds; older versions do not say it in the file. */
const HEARTBEAT_MS = 5000;
const HEARTBEAT_OF_OLDER_MS = 20_000;
/** The lock of another computer that was renewed longer ago is free, in milliseconds. */
const STALE_MS = 90_000;
/** How often such a lock is looked at, in milliseconds, and for how many heartbeats of its holder. */
const LOOK_MS = 1000;
const HEARTBEATS_AWAITED = 4;
/** A holder that has not renewed the lock for this long looks whether it still has it, in milliseconds. */
const DOUBTFUL_MS = 2 * HEARTBEAT_MS;
/** How long a lock that was taken over must stay unchanged before it counts, in milliseconds. */
const TAKEOVER_MS = 100;

/** What the file of a lock says. */
interface LockFile extends Holder {
  heartbeatMs: number;
}

/** How a lock is taken. */
export interface TakeOptions {
  /** Called when it takes several seconds to find out whether the holder is gone. */
  onWait?: () => void;
  /** Ends that: the lock is not taken then. */
  signal?: AbortSignal;
}

/** Locks of this process, and what their files say. */
const held = new Map<string, string>();

/** A process that ends by itself leaves no lock behind; one that is killed does, and the next one sees that it is gone. */
process.once('exit', () => {
  for (const [path, mine] of held) {
    try {
      if (readFileSync(path, 'utf8') === mine) unlinkSync(path);
    } catch {
      // The folder is gone.
    }
  }
});

/** Keeps a second process out of a folder. */
export class FolderLock {
  readonly #heartbeat: NodeJS.Timeout;
  #renewedAt = Date.now();
  #isLost = false;

  /** @param mine what the file says as long as the lock is this process's */
  private constructor(
    private readonly path: string,
    private readonly mine: string,
  ) {
    this.#heartbeat = setInterval(() => void this.#touch(), HEARTBEAT_MS);
    this.#heartbeat.unref();
    held.set(path, mine);
  }

  /**
   * Takes the lock. If it is not known whether its holder runs, the holder has time to renew it before.
   * @returns `undefined` if a living process holds it
   * @throws the system's error if the folder cannot be written
   */
  static async take(path: string, options: TakeOptions = {}): Promise<FolderLock | undefined> {
    const file: LockFile = { ...thisProcess(), heartbeatMs: HEARTBEAT_MS };
    const mine = `${JSON.stringify(file)}\n`;
    for (let attempt = 0; attempt < 3; attempt++) {
      if (await create(path, mine)) {
        // Two processes that both found the holder gone may both have come here; the second one's file counts.
        if (attempt > 0) await setTimeout(TAKEOVER_MS);
        return (await says(path, mine)) ? new FolderLock(path, mine) : undefined;
      }
      if (await isHeld(path, options)) return undefined;
      await rm(path, { force: true });
    }
    return undefined;
  }

  /** Releases the lock. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    if (await says(this.path, this.mine)) await rm(this.path, { force: true });
    held.delete(this.path);
  }

  /** Whether this process still has it: another host takes it over from one that was blocked for long, and then has it. */
  async isOurs(): Promise<boolean> {
    if (Math.abs(Date.now() - this.#renewedAt) > DOUBTFUL_MS) await this.#touch();
    return !this.#isLost;
  }

  async #touch(): Promise<void> {
    const text = await readFile(this.path, 'utf8').catch(() => undefined);
    // A folder that was removed meanwhile is noticed by the next write.
    this.#isLost ||= text !== undefined && text !== this.mine;
    if (text !== this.mine || this.#isLost) return;
    const now = new Date();
    this.#renewedAt = now.getTime();
    await utimes(this.path, now, now).catch(() => undefined);
  }
}

async function says(path: string, text: string): Promise<boolean> {
  return (await readFile(path, 'utf8').catch(() => '')) === text;
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

/** Whether the holder of a lock is there. */
async function isHeld(path: string, options: TakeOptions): Promise<boolean> {
  let holder: Partial<LockFile>;
  let renewed: number;
  try {
    holder = JSON.parse(await readFile(path, 'utf8')) as Partial<LockFile>;
    renewed = (await stat(path)).mtimeMs;
  } catch {
    // Written halfway by a process that died, or removed since.
    return false;
  }
  const runs = isRunning(holder);
  // This process holds no lock that it does not know of: a container starts with the same process id each time.
  if (holder.pid === process.pid && runs !== undefined) return false;
  if (runs !== undefined) return runs;
  if (holder.host !== hostname() && Date.now() - renewed >= STALE_MS) return false;
  options.onWait?.();
  return isRenewed(path, renewed, heartbeatOf(holder), options.signal);
}

/**
 * Waits whether a lock is renewed. Its age says nothing for sure, as clocks differ and may not be set yet; and the looks
 * count, not the time, as a computer that sleeps stops the holder, too.
 */
async function isRenewed(path: string, before: number, heartbeatMs: number, signal?: AbortSignal): Promise<boolean> {
  const looks = Math.ceil((HEARTBEATS_AWAITED * heartbeatMs) / LOOK_MS);
  for (let look = 0; look < looks; look++) {
    try {
      await setTimeout(LOOK_MS, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) });
    } catch {
      // Nobody waits any more; the lock stays as it is.
      return true;
    }
    const renewed = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (renewed === undefined) return false;
    if (renewed !== before) return true;
  }
  return false;
}

function heartbeatOf({ heartbeatMs }: Partial<LockFile>): number {
  const isUsable = typeof heartbeatMs === 'number' && heartbeatMs > 0 && heartbeatMs < HEARTBEAT_OF_OLDER_MS;
  return isUsable ? heartbeatMs : HEARTBEAT_OF_OLDER_MS;
}
