import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The keys of the records that are live in the journal of a user directory. */
export function liveRecords(userDir: string): string[] {
  const folder = join(userDir, 'nrfcloud-provisioning');
  if (!existsSync(folder)) return [];
  const live = new Set<string>();
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.jsonl')) continue;
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      if (line === '' || !line.endsWith('}')) continue;
      const { entry } = JSON.parse(line) as { entry: { kind: string; node: string; key: string } };
      const key = `${entry.node} ${entry.key}`;
      if (entry.kind === 'removed') live.delete(key);
      else if (entry.kind === 'state' && !entry.key.startsWith('#')) live.add(key);
    }
  }
  return [...live];
}
