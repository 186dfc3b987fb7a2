import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  kind: string;
  node: string;
  key: string;
  state?: Record<string, any>;
}

/** The keys of the records that are live in the journal of a user directory. */
export function liveRecords(userDir: string): string[] {
  return [...liveStates(userDir).keys()];
}

/** The records that are live in the journal of a user directory: what they say at last, by their keys. */
function liveStates(userDir: string): Map<string, Record<string, any>> {
  const folder = join(userDir, 'nrfcloud-provisioning');
  const live = new Map<string, Record<string, any>>();
  if (!existsSync(folder)) return live;
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.jsonl')) continue;
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      if (line === '' || !line.endsWith('}')) continue;
      const { entry } = JSON.parse(line) as { entry: Entry };
      const key = `${entry.node} ${entry.key}`;
      if (entry.kind === 'removed') live.delete(key);
      else if (entry.kind === 'state' && !entry.key.startsWith('#')) live.set(key, entry.state ?? {});
    }
  }
  return live;
}

/** How many devices have ended, and how many others were seen claimed, by the records of onboarding nodes in the journal. */
export function recordedDevices(userDir: string): { ended: number; seenClaimed: number } {
  const counts = { ended: 0, seenClaimed: 0 };
  for (const { work } of liveStates(userDir).values()) {
    const [ended, claimed] = ['ended', 'claimed'].map((name) => Buffer.from(String(work?.[name] ?? ''), 'base64'));
    counts.ended += onesIn(ended!);
    counts.seenClaimed += onesIn(claimed!.map((bits, index) => bits & ~(ended![index] ?? 0)));
  }
  return counts;
}

function onesIn(bytes: Uint8Array): number {
  return [...bytes].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
}
