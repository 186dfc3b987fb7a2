import { InvalidValue } from '../../util/invalid-value';
import { toError } from '../../util/to-error';
import { parseClaimToken, type ClaimToken } from '../claim-token';
import { parseTags } from '../tags';
import { SeenDevices } from './seen-devices';
import type { InvalidRow, FoundRow, Row, RowErrorCode } from './row';

/** Tells good rows from bad ones, over a whole input. */
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
    if (typeof token === 'string') return bad(row, 'INVALID_TOKEN', `the claim token ${token}`);
    const tags = attempt(() => this.#tagsOf(row.tags), 'cannot be read');
    if (typeof tags === 'string') return bad(row, 'INVALID_TAG', `the tags column ${tags}`, token);
    const first = this.#duplicates.firstLine(token.deviceId, line);
    if (first !== undefined) return bad(row, 'DUPLICATE', `the same device is in line ${first} already`, token);
    return { ok: true, line, deviceId: token.deviceId, claimToken: token.claimToken, tags };
  }

  /** @throws {InvalidValue} */
  #tagsOf(own: unknown[]): string[] {
    const [text = ''] = own;
    if (own.length > 1 || typeof text !== 'string') return rowTags(own, this.tags);
    if (this.#before?.text !== text) this.#before = { text, tags: rowTags(own, this.tags) };
    // Each row has its own list: who gets one may change it.
    return this.#before.tags.slice();
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
  let tags = parseTags(...own, added);
  // A service that counts the lines of an upload must not count such a row twice.
  if (tags.some((tag) => /[\r\n]/.test(tag))) tags = parseTags(tags.map((tag) => tag.replace(/\s*[\r\n]\s*/g, ' ')));
  for (const tag of tags) {
    if (tag.includes(','))
      throw new InvalidValue("holds a tag with a comma, which the service's CSV cannot express; remove the comma");
    if (tag.includes('\ufffd')) throw new InvalidValue('holds a tag that is not UTF-8; save the file as UTF-8');
  }
  return tags;
}

/** A bad row with what was found in it, so that a person can repair it. */
function bad(
  row: { line: number; claimToken: unknown; tags: unknown[] },
  code: RowErrorCode,
  reason: string,
  token?: ClaimToken,
): InvalidRow {
  const claimToken = token?.claimToken ?? asFound(() => textOf(row.claimToken));
  const tags = asFound(() => row.tags.flatMap(tagsAsFound));
  return {
    ok: false,
    line: row.line,
    code,
    reason,
    ...(claimToken === undefined ? {} : { claimToken }),
    ...(token === undefined ? {} : { deviceId: token.deviceId }),
    ...(tags === undefined || tags.length === 0 ? {} : { tags }),
  };
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
  if (Buffer.isBuffer(value)) return value.toString('utf8').trim();
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function tagsAsFound(source: unknown): string[] {
  const items: unknown[] = typeof source === 'string' ? source.split(',') : Array.isArray(source) ? source : [];
  return items.map((item) => textOf(item) ?? '').filter((tag) => tag !== '');
}
