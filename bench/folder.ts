import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCsv } from './csv-file';

/** A folder for what a bench reads, which goes away with it. */
export interface Folder {
  path: (name: string) => string;
  /** Writes a file of `count` claim tokens, one a line. @param rest what follows each in its line @returns its path */
  tokens: (count: number, rest?: string) => Promise<string>;
  remove: () => void;
}

/** Makes one in the system's folder for temporary files. */
export function makeFolder(): Folder {
  const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-bench-'));
  const path = (name: string): string => join(folder, name);
  return {
    path,
    tokens: async (count, rest = '') => {
      const file = path(`tokens-${count}${rest === '' ? '.txt' : '.csv'}`);
      await writeCsv(file, count, rest);
      return file;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
