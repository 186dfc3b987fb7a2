import {
  readRows,
  type InvalidRow,
  type ValidRow,
  type Row,
  type RowOptions,
  type RowSource,
} from '../../../../nodes/parse/rows/index';
import { DeviceKeys } from '../../../../simulator/identity/device-keys';
import { Mint, type MintedToken, type MintOptions } from '../../../../simulator/identity/mint';

const mint = new Mint('rows', new DeviceKeys('rows'));

/** A claim token of a new device, or of one that is named. */
export function mintToken(options: MintOptions = {}): MintedToken {
  return mint.mint({ signed: false, ...options });
}

/** Claim tokens of as many new devices. */
export function mintTokens(count: number): string[] {
  return Array.from({ length: count }, () => mintToken().claimToken);
}

/** All rows of a source. */
export async function rowsOf(source: RowSource, options: Partial<RowOptions> = {}): Promise<Row[]> {
  const rows: Row[] = [];
  const all = { tokenColumn: 0, tagsColumn: 0, tags: [], ...options };
  for await (const batch of readRows(source, all, new AbortController().signal)) rows.push(...batch);
  return rows;
}

/** All rows of a value. */
export function rowsIn(value: unknown, options: Partial<RowOptions> = {}): Promise<Row[]> {
  return rowsOf({ kind: 'value', value }, options);
}

/** The good rows, short: `[line, token, tags]`. */
export function good(rows: Row[]): [number, string, string[]][] {
  return rows.filter((row): row is ValidRow => row.ok).map(({ line, claimToken, tags }) => [line, claimToken, tags]);
}

/** The bad rows, short: `[line, code]`. */
export function bad(rows: Row[]): [number, string][] {
  return badRows(rows).map(({ line, code }) => [line, code]);
}

/** The bad rows. */
export function badRows(rows: Row[]): InvalidRow[] {
  return rows.filter((row): row is InvalidRow => !row.ok);
}
