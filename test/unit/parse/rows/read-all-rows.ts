import {
  readRows,
  type DetectedColumns,
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

/** All rows of a source, and what its columns were taken for. */
export async function readSource(
  source: RowSource,
  options: Partial<RowOptions> = {},
): Promise<{ rows: Row[]; columns: DetectedColumns; ignoredContent: boolean }> {
  const rows: Row[] = [];
  const all = { tokenColumn: 0, tagsColumn: 0, tags: [], ...options };
  const reader = readRows(source, all, new AbortController().signal);
  for await (const batch of reader) rows.push(...batch);
  return { rows, columns: reader.columns, ignoredContent: reader.ignoredContent };
}

/** All rows of a value, and what its columns were taken for. */
export function readAll(value: unknown, options: Partial<RowOptions> = {}): ReturnType<typeof readSource> {
  return readSource({ kind: 'value', value }, options);
}

/** All rows of a source. */
export async function rowsOf(source: RowSource, options: Partial<RowOptions> = {}): Promise<Row[]> {
  return (await readSource(source, options)).rows;
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
