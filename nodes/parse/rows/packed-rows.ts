import { deviceIdOf } from '../claim-token';
import type { ValidRow } from './row';
import { writeCsv } from './write-csv';

const LF = 10;
const COMMA = 44;

/** A row that was unpacked: it shares nothing with others. */
export interface UnpackedRow {
  line: number;
  deviceId: string;
  claimToken: string;
  tags: string[];
}

/**
 * The valid rows of an upload, as the CSV that is sent, and their lines. Uploads wait for the service, and their rows for
 * the results of earlier ones: as objects they would stay on the JavaScript heap until V8 collects all of it, and a million
 * rows took twice the memory (docs/performance.md).
 */
export class PackedRows {
  private constructor(
    /** What is sent to the service. */
    readonly csv: Buffer,
    private readonly lines: Uint32Array,
  ) {}

  static pack(rows: readonly ValidRow[]): PackedRows {
    return new PackedRows(
      writeCsv(rows),
      Uint32Array.from(rows, ({ line }) => line),
    );
  }

  get count(): number {
    return this.lines.length;
  }

  get firstLine(): number {
    return this.lines[0]!;
  }

  get lastLine(): number {
    return this.lines.at(-1)!;
  }

  /** The first rows, and the others. */
  split(count: number): [PackedRows, PackedRows] {
    let at = 0;
    for (let row = 0; row < count; row++) at = this.csv.indexOf(LF, at) + 1;
    return [
      new PackedRows(this.csv.subarray(0, at), this.lines.subarray(0, count)),
      new PackedRows(this.csv.subarray(at), this.lines.subarray(count)),
    ];
  }

  /** All rows as they were packed. */
  unpack(): UnpackedRow[] {
    const { csv } = this;
    const rows: UnpackedRow[] = [];
    let start = 0;
    let last = '';
    let tags: readonly string[] = [];
    // Hot path: tokens are not checked again, and rows with the same tags are split once. (Neither a token nor a tag holds
    // a line break, and no tag holds a comma.)
    for (const line of this.lines) {
      const end = csv.indexOf(LF, start);
      let tokenEnd = start;
      while (tokenEnd < end && csv[tokenEnd] !== COMMA) tokenEnd++;
      const claimToken = csv.toString('latin1', start, tokenEnd);
      const field = csv.toString('utf8', tokenEnd + 1, end);
      if (field !== last) [last, tags] = [field, splitTags(field)];
      rows.push({ line, claimToken, deviceId: deviceIdOf(claimToken), tags: tags.slice() });
      start = end + 1;
    }
    return rows;
  }
}

/** The tags of a quoted field, which is empty if there are none. */
function splitTags(field: string): string[] {
  if (field === '') return [];
  return field.slice(1, -1).replaceAll('""', '"').split(',');
}
