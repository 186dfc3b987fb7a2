import { closeSync, openSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { EntryHead } from '../../nodes/runtime/journal/line';

/** A line of the journal whose long value takes neither memory nor space on disk: it is all zeros, and is not JSON. */
export interface SparseLine {
  head: Buffer;
  tail: Buffer;
  /** Bytes of the line with its break. */
  bytes: number;
}

const ZEROS = Buffer.alloc(2 ** 20);

/** @param bytes those of the line with its break */
export function sparseLine(entry: EntryHead, bytes: number): SparseLine {
  const start = `${JSON.stringify(entry).slice(0, -1)},"value":`;
  const around = '{"crc":"01234567","entry":}\n'.length + start.length + 1;
  let crc = crc32(start);
  for (let left = bytes - around; left > 0; left -= ZEROS.length) {
    crc = crc32(ZEROS.subarray(0, Math.min(left, ZEROS.length)), crc);
  }
  const checksum = crc32('}', crc).toString(16).padStart(8, '0');
  return { head: Buffer.from(`{"crc":"${checksum}","entry":${start}`), tail: Buffer.from('}}\n'), bytes };
}

/** Writes lines to a new file. */
export function writeLines(path: string, lines: readonly (Buffer | SparseLine)[]): void {
  const file = openSync(path, 'w', 0o600);
  let offset = 0;
  for (const line of lines) {
    if (Buffer.isBuffer(line)) {
      writeSync(file, line, 0, line.length, offset);
      offset += line.length;
    } else {
      writeSync(file, line.head, 0, line.head.length, offset);
      offset += line.bytes;
      writeSync(file, line.tail, 0, line.tail.length, offset - line.tail.length);
    }
  }
  closeSync(file);
}
