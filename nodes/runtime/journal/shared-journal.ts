import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from './journal';

/** The journal's folder below Node-RED's user directory. */
const FOLDER = 'nrfcloud-provisioning';
/** How long an unused journal stays open, in milliseconds: a deploy closes all nodes and opens them again. */
const CLOSE_DELAY_MS = 2000;

interface OpenJournal {
  journal: Promise<Journal>;
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
 * @throws {JournalUnavailable} if it cannot be used
 */
export async function acquireJournal(
  userDir: string | undefined,
  report: (sentence: string) => void,
): Promise<Journal> {
  if (userDir === undefined || userDir === '') throw new JournalUnavailable('Node-RED has no user directory');
  const folder = join(userDir, FOLDER);
  let entry = open.get(folder);
  if (entry === undefined) {
    entry = { journal: openJournal(folder, report), users: 0, closing: undefined };
    open.set(folder, entry);
  }
  clearTimeout(entry.closing);
  entry.users++;
  try {
    return await entry.journal;
  } catch (error) {
    // The next deploy tries again.
    if (open.get(folder) === entry) open.delete(folder);
    throw error;
  }
}

/** Gives the journal back; the last one closes it. */
export function releaseJournal(userDir: string): void {
  const folder = join(userDir, FOLDER);
  const entry = open.get(folder);
  if (entry === undefined || --entry.users > 0) return;
  entry.closing = setTimeout(() => {
    open.delete(folder);
    const closed = entry.journal.then((journal) => journal.close()).catch(() => undefined);
    closing.set(folder, closed);
    void closed.then(() => closing.delete(folder));
  }, CLOSE_DELAY_MS);
  entry.closing.unref();
}

async function openJournal(folder: string, report: (sentence: string) => void): Promise<Journal> {
  await closing.get(folder);
  let journal: Journal | undefined;
  try {
    journal = await Journal.open(folder, report);
  } catch (error) {
    throw new JournalUnavailable((error as NodeJS.ErrnoException).code ?? (error as Error).message);
  }
  if (journal === undefined) throw new JournalUnavailable('another process uses it');
  return journal;
}

/** A process that ends by itself leaves no lock behind; one that is killed does, and the next one sees that it is gone. */
process.once('exit', () => {
  for (const folder of open.keys()) {
    try {
      unlinkSync(join(folder, 'lock'));
    } catch {
      // It was released already, or the folder is gone.
    }
  }
});
