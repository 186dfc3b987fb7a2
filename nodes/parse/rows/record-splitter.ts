import { BATCH_ROWS } from './row';

/** Most bytes of a record; a longer one is not a row of claim tokens, and must not fill memory. */
export const MAX_RECORD_BYTES = 64 * 1024;

/** What a record looks like before it is parsed. */
export type Shape =
  /** No quote in it: the delimiter alone separates its cells. */
  | 'plain'
  /** Quotes that open and close where they should. */
  | 'quoted'
  /** Quoted cells, some of them after an equals sign: `="355026070123456"`. */
  | 'formula'
  /** A quote opens and does not close. */
  | 'unclosed'
  /** A quote within a cell. */
  | 'stray'
  /** Longer than {@link MAX_RECORD_BYTES}. */
  | 'long';

/** Where a record is. */
export interface Extent {
  shape: Shape;
  /** Line of its first character, from 1. */
  line: number;
  /** Its bytes in the batch, without the line break. */
  start: number;
  end: number;
  /** Where its first quoted cell begins; `end` if it has none. */
  quoted: number;
}

/** Some records, and the bytes that contain them; valid until the next batch is asked for. */
export interface RecordBatch {
  bytes: Buffer;
  records: Extent[];
}

export const LF = 10;
const CR = 13;
export const QUOTE = 34;
const SPACE = 32;
const TAB = 9;
const EQUALS = 61;
/** U+FEFF in UTF-8, which is also in the middle of files that were concatenated. */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;
/** A claim token, whole or cut, as no tag looks. */
const TOKEN = /2dn3[\w-]{8}|\.(?<=[\w-]{70}\.)[\w-]{60}/;

/** The record does not end in the bytes that are there. */
const MORE = -1;

/**
 * Cuts CSV into records and counts lines, so that a broken quote cannot swallow the rows after it, as it would in a CSV
 * parser, and so that each row knows its line. LF, CRLF and CR are line breaks, mixed if need be, as in an editor.
 *
 * A quoted cell may hold line breaks. It is taken for broken if it does not close within {@link MAX_RECORD_BYTES}, or if another
 * line of it holds a claim token: then the row's first line alone is given up, and the next line is a new record.
 */
export class RecordSplitter {
  readonly #delimiter: number;
  /** Reused for every piece: the rest of the piece before, then the piece. */
  #buffer: Buffer = Buffer.alloc(0);
  #rest = 0;
  #line = 1;
  /** Within a line that is too long and has been given up. */
  #skipping = false;

  /** @param delimiter a character of ASCII */
  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /**
   * Takes the next piece and gives the records that end in it. Blank lines are none.
   * @param last no piece follows, so that the last record ends too
   */
  *split(chunk: Buffer, last: boolean): Generator<RecordBatch> {
    const bytes = this.#append(chunk);
    const text = new Scanner(bytes, this.#delimiter, last);
    let records: Extent[] = [];
    let at = 0;
    while (at < bytes.length) {
      const lineEnd = text.lineEnd(at);
      if (lineEnd === MORE) {
        // One byte more, as a CR at the very end may be half a line break.
        if (bytes.length - at > MAX_RECORD_BYTES + 1 || this.#skipping) {
          if (!this.#skipping) records.push({ shape: 'long', line: this.#line, start: at, end: at, quoted: at });
          this.#skipping = true;
          at = bytes[bytes.length - 1] === CR ? bytes.length - 1 : bytes.length;
        }
        break;
      }
      let end = lineEnd;
      if (this.#skipping) {
        this.#skipping = false;
      } else {
        if (text.hasByteOrderMark(at)) at += BYTE_ORDER_MARK.length;
        const found = text.record(at, lineEnd, this.#line);
        if (found === undefined) break;
        if (found !== 'blank') {
          records.push(found);
          end = found.end;
        }
      }
      if (end > lineEnd) this.#line += text.breaks(lineEnd, end);
      if (end < bytes.length) this.#line++;
      at = text.afterBreak(end);
      if (records.length === BATCH_ROWS) {
        yield { bytes, records };
        records = [];
      }
    }
    if (records.length > 0) yield { bytes, records };
    this.#rest = at < bytes.length ? bytes.copy(bytes, 0, at) : 0;
  }

  #append(chunk: Buffer): Buffer {
    const length = this.#rest + chunk.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(length + MAX_RECORD_BYTES);
      this.#buffer.copy(larger, 0, 0, this.#rest);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#rest);
    return this.#buffer.subarray(0, length);
  }
}

/** Finds the ends of lines and records in some bytes. */
class Scanner {
  #nextLf = -1;
  #nextCr = -1;
  #nextQuote = -1;

  constructor(
    private readonly bytes: Buffer,
    private readonly delimiter: number,
    private readonly last: boolean,
  ) {}

  /** The index of the line break that ends the line at `at`, or {@link MORE}. */
  lineEnd(at: number): number {
    if (this.#nextLf < at) this.#nextLf = this.#next(LF, at);
    if (this.#nextCr < at) this.#nextCr = this.#next(CR, at);
    const end = Math.min(this.#nextLf, this.#nextCr);
    const { length } = this.bytes;
    // A CR at the very end may be half a line break.
    const open = end === length || (end === length - 1 && end === this.#nextCr);
    return open && !this.last ? MORE : end;
  }

  /** The first byte after the line break at `end`. */
  afterBreak(end: number): number {
    return this.bytes[end] === CR && this.bytes[end + 1] === LF ? end + 2 : end + 1;
  }

  hasByteOrderMark(at: number): boolean {
    return (
      this.bytes[at] === BYTE_ORDER_MARK[0] && BYTE_ORDER_MARK.every((byte, index) => this.bytes[at + index] === byte)
    );
  }

  /** The line breaks between two bytes. */
  breaks(from: number, to: number): number {
    return this.bytes.toString('latin1', from, to).match(/\r\n|\r|\n/g)?.length ?? 0;
  }

  /**
   * The record at `at`; `undefined` if more bytes are needed to find its end.
   * @param lineEnd the end of its first line
   * @param line that line's number
   */
  record(at: number, lineEnd: number, line: number): Extent | 'blank' | undefined {
    if (this.#nextQuote < at) this.#nextQuote = this.#next(QUOTE, at);
    let shape: Shape = 'long';
    if (lineEnd - at <= MAX_RECORD_BYTES) {
      if (this.#nextQuote < lineEnd) {
        const found = this.#quotedRecord(at, line);
        if (typeof found !== 'string') return found;
        shape = found;
      } else {
        if (this.#skipSpace(at) === lineEnd) return 'blank';
        shape = 'plain';
      }
    }
    return { shape, line, start: at, end: lineEnd, quoted: lineEnd };
  }

  #quotedRecord(start: number, line: number): Extent | 'unclosed' | 'stray' | undefined {
    const limit = Math.min(this.bytes.length, start + MAX_RECORD_BYTES + 1);
    const full = limit === start + MAX_RECORD_BYTES + 1;
    const whole = this.last && !full;
    const more = full ? 'unclosed' : undefined;
    let quoted: number | undefined;
    let shape: Shape = 'quoted';
    for (let cell = start; ;) {
      let at = this.#skipSpace(cell);
      if (this.bytes[at] === EQUALS && this.bytes[at + 1] === QUOTE && at + 1 < limit) {
        shape = 'formula';
        at++;
      }
      if (at < limit && this.bytes[at] === QUOTE) {
        quoted ??= cell;
        const closing = this.#closingQuote(at + 1, limit);
        if (closing === 'unclosed') return closing;
        // The byte after it decides whether it closes.
        if (closing >= limit - 1 && !whole) return more;
        if (closing === limit) return 'unclosed';
        at = this.#skipSpace(closing + 1);
        if (at < limit && !this.#endsCell(at)) return 'stray';
      } else {
        at = this.#endOfCell(at, limit);
        if (this.bytes[at] === QUOTE && at < limit) return 'stray';
      }
      if (at >= limit && !whole) return more;
      if (this.bytes[at] !== this.delimiter) {
        const end = this.lineEnd(at);
        return end === MORE ? undefined : { shape, line, start, end, quoted: quoted! };
      }
      cell = at + 1;
    }
  }

  /** The quote that closes a cell, or `limit`; doubled quotes do not. */
  #closingQuote(from: number, limit: number): number | 'unclosed' {
    let lineBroken = false;
    for (let at = from; ; at += 2) {
      const found = this.bytes.indexOf(QUOTE, at);
      const quote = found === -1 || found > limit ? limit : found;
      const piece = this.bytes.toString('latin1', at, quote);
      const lineBreak: number = lineBroken ? 0 : piece.search(/[\r\n]/);
      lineBroken ||= lineBreak >= 0;
      if (lineBroken && TOKEN.test(piece.slice(lineBreak))) return 'unclosed';
      if (quote >= limit - 1 || this.bytes[quote + 1] !== QUOTE) return quote;
      at = quote;
    }
  }

  /** The end of a cell without quotes, or the quote that is in it, or `limit`. */
  #endOfCell(from: number, limit: number): number {
    const { bytes, delimiter } = this;
    for (let at = from; at < limit; at++) {
      const byte = bytes[at];
      if (byte === delimiter || byte === LF || byte === CR || byte === QUOTE) return at;
    }
    return limit;
  }

  #endsCell(at: number): boolean {
    const byte = this.bytes[at];
    return byte === this.delimiter || byte === LF || byte === CR;
  }

  #skipSpace(from: number): number {
    let at = from;
    while (this.bytes[at] === SPACE || (this.bytes[at] === TAB && this.delimiter !== TAB)) at++;
    return at;
  }

  #next(byte: number, from: number): number {
    const found = this.bytes.indexOf(byte, from);
    return found === -1 ? this.bytes.length : found;
  }
}
