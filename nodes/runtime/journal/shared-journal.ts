import { once } from 'node:events';
import { join } from 'node:path';
import { Journal } from './journal';
import type { TakeOptions } from './lock';

/** The journal's folder below Node-RED's user directory. */
const FOLDER = 'nrfcloud-provisioning';
/** How long an unused journal stays open, in milliseconds: a deploy closes all nodes and opens them again. */
const CLOSE_DELAY_MS = 2000;

interface OpenJournal {
  journal: Promise<Journal>;
  /** Whether it takes a while to find out if another process has it: true as soon as that is known, false when it is open. */
  waits: Promise<boolean>;
  /** Ends that wait. */
  stop: AbortController;
  users: number;
  closing: NodeJS.Timeout | undefined;
}

const open = new Map<string, OpenJournal>();
/** Journals that are being closed; one is opened again only after that. */
const closing = new Map<string, Promise<void>>();

/** Why the journal cannot be used, as the reason in a sentence. */
export class JournalUnavailable extends Error {}

/**
 * Opens the journal of a user directory, once for all nodes; each user calls {@link releaseJournal} in the end.
 * @param report called with a sentence about damaged records
 * @param signal ends the wait for another process that may have it, and nothing else
 * @returns `undefined` if that wait was ended; then there is nothing to release
 * @throws {JournalUnavailable} if it cannot be used
 */
export async function acquireJournal(
  userDir: string | undefined,
  report: (sentence: string) => void,
  signal?: AbortSignal,
): Promise<Journal | undefined> {
  if (userDir === undefined || userDir === '') throw new JournalUnavailable('Node-RED has no user directory');
  const folder = join(userDir, FOLDER);
  const entry = open.get(folder) ?? beginToOpen(folder, report);
  clearTimeout(entry.closing);
  entry.users++;
  if (signal === undefined) return entry.journal;
  const journal = await Promise.race([entry.journal, endOfWait(entry, signal)]);
  if (journal === undefined) release(folder, entry);
  return journal;
}

/** Gives the journal back; the last one closes it. */
export function releaseJournal(userDir: string): void {
  const folder = join(userDir, FOLDER);
  const entry = open.get(folder);
  if (entry !== undefined) release(folder, entry);
}

function release(folder: string, entry: OpenJournal): void {
  if (--entry.users > 0) return;
  entry.closing = setTimeout(() => {
    if (open.get(folder) !== entry) return;
    open.delete(folder);
    entry.stop.abort();
    const closed = entry.journal.then((journal) => journal.close()).catch(() => undefined);
    closing.set(folder, closed);
    void closed.then(() => closing.delete(folder));
  }, CLOSE_DELAY_MS);
  entry.closing.unref();
}

function beginToOpen(folder: string, report: (sentence: string) => void): OpenJournal {
  const stop = new AbortController();
  let setWaits: (waits: boolean) => void;
  const waits = new Promise<boolean>((resolve) => (setWaits = resolve));
  const journal = openJournal(folder, report, { signal: stop.signal, onWait: () => setWaits(true) });
  const entry: OpenJournal = { journal, waits, stop, users: 0, closing: undefined };
  open.set(folder, entry);
  journal
    .catch(() => {
      // The next deploy tries again.
      if (open.get(folder) === entry) open.delete(folder);
    })
    .finally(() => setWaits(false));
  return entry;
}

async function endOfWait({ journal, waits }: OpenJournal, signal: AbortSignal): Promise<Journal | undefined> {
  if (!(await waits)) return journal;
  if (!signal.aborted) await once(signal, 'abort');
  return undefined;
}

async function openJournal(folder: string, report: (sentence: string) => void, options: TakeOptions): Promise<Journal> {
  await closing.get(folder);
  let journal: Journal | undefined;
  try {
    journal = await Journal.open(folder, report, options);
  } catch (error) {
    throw new JournalUnavailable((error as NodeJS.ErrnoException).code ?? (error as Error).message);
  }
  if (journal === undefined) throw new JournalUnavailable('another process uses it');
  return journal;
}
