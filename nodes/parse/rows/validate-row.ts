import { InvalidValue } from '../../util/invalid-value';
import { toError } from '../../util/to-error';
import { textOfBytes } from '../bytes';
import { parseClaimToken, type ClaimToken } from '../claim-token';
import { parseTags } from '../tags';
import { SeenDevices } from './seen-devices';
import type { InvalidRow, FoundRow, ReadRow, Row, RowErrorCode } from './row';

/** Most characters that are shown of a row without a token: a path may lead to a file with secrets (contract). */
const MAX_SHOWN = 100;
/** Most characters of a claim token that is damaged. */
const MAX_TOKEN_SHOWN = 250;

/** Checks rows one by one; remembers the devices of a whole source. */
export class RowValidator {
  readonly #duplicates = new SeenDevices();
  /** What the row before had in its one cell of tags, and what came of it: in most files many rows have the same. */
  #before: { text: string; tags: string[] } | undefined;

  /** @param tags added to every row, after its own */
  constructor(private readonly tags: string[]) {}

  /**
   * Checks a row: its token, then its tags, then whether its device was in a good row before.
   * Nothing that a row holds makes this throw.
   */
  validate(row: FoundRow): Row {
    if ('ok' in row) return row;
    const { line } = row;
    const token = attempt(() => parseClaimToken(row.claimToken), 'cannot be read');
    if (typeof token === 'string') return bad(row, 'INVALID_TOKEN', `the token ${token}`);
    if (row.tagProblem !== undefined) return bad(row, 'INVALID_TAG', `the row ${row.tagProblem}`, token);
    const tags = attempt(() => this.#tagsOf(row.tags), 'cannot be read');
    if (typeof tags === 'string') return bad(row, 'INVALID_TAG', `the tags column ${tags}`, token);
    const first = this.#duplicates.firstLine(token.deviceId, line);
    if (first !== undefined) return bad(row, 'DUPLICATE', `the same device is in line ${first} already`, token);
    const valid = { ok: true, line, deviceId: token.deviceId, claimToken: token.claimToken, tags } as const;
    return row.cells === undefined ? valid : { ...valid, cells: row.cells };
  }

  /** @throws {InvalidValue} */
  #tagsOf(own: unknown[]): string[] {
    const [text = ''] = own;
    if (own.length > 1 || typeof text !== 'string') return rowTags(own, this.tags);
    if (this.#before?.text !== text) this.#before = { text, tags: rowTags(own, this.tags) };
    return this.#before.tags;
  }
}

/** What a reader gives, or why it cannot; getters of foreign objects may throw anything. */
function attempt<T>(read: () => T, defaultReason: string): T | string {
  try {
    return read();
  } catch (thrown) {
    const error = toError(thrown);
    return error instanceof InvalidValue ? error.message : defaultReason;
  }
}

/** @throws {InvalidValue} */
function rowTags(own: unknown[], added: string[]): string[] {
  const tags = parseTags(...own, added);
  if (tags.some((tag) => tag.includes(','))) {
    throw new InvalidValue("holds a tag with a comma, which the service's CSV cannot express; remove the comma");
  }
  return tags;
}

/** An invalid row with what was found in it, so that a person can repair it. */
function bad(row: ReadRow, code: RowErrorCode, reason: string, token?: ClaimToken): InvalidRow {
  const found = asFound(() => textOf(row.claimToken));
  const tags = asFound(() => row.tags.flatMap(tagsAsFound)) ?? [];
  const { cells } = row;
  const shown = token === undefined ? shorten(found, tags, cells) : { claimToken: token.claimToken, tags, cells };
  return {
    ok: false,
    line: row.line,
    code,
    reason,
    ...(shown.claimToken === undefined ? {} : { claimToken: shown.claimToken }),
    ...(token === undefined ? {} : { deviceId: token.deviceId }),
    ...(shown.tags.length === 0 ? {} : { tags: shown.tags }),
    ...(shown.cells === undefined ? {} : { cells: shown.cells }),
  };
}

/** What is shown of a row. */
interface Shown {
  claimToken: string | undefined;
  tags: string[];
  cells: string[] | undefined;
}

/** Cuts what is shown of a row without a token. Its cells have the same content once more. */
function shorten(claimToken: string | undefined, tags: string[], cells: string[] | undefined): Shown {
  if (claimToken !== undefined && /^["'%\w: ]{0,20}2dn3/.test(claimToken) && claimToken.length <= MAX_TOKEN_SHOWN) {
    return { claimToken, tags, cells };
  }
  const [start = '', ...shown] = cut([claimToken ?? '', ...tags]);
  return {
    claimToken: claimToken && start,
    tags: shown.filter((tag) => tag !== ''),
    cells: cells && cut(cells),
  };
}

/** Cuts texts so that together they have at most {@link MAX_SHOWN} characters. */
function cut(texts: readonly string[]): string[] {
  let left = MAX_SHOWN;
  return texts.map((text) => {
    const start = text.slice(0, left);
    left -= start.length;
    return start;
  });
}

/** What a reader gives; nothing if what it reads cannot be looked at. */
function asFound<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value : textOfBytes(value);
  if (text !== undefined) return text.trim();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function tagsAsFound(source: unknown): string[] {
  const items: unknown[] = typeof source === 'string' ? source.split(',') : Array.isArray(source) ? source : [];
  return items.map((item) => textOf(item) ?? '').filter((tag) => tag !== '');
}
