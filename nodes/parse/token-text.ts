import { InvalidValue } from '../util/invalid-value';
import { dropInvisible, trimFrame } from './visible-text';

/** Characters of the first part: 57 bytes; up to 61 with a device type that takes more than one byte. */
export const FIRST_LENGTH = { min: 76, max: 82 };
/** Characters of the second part: 77 bytes. */
export const SECOND_LENGTH = 103;
/** The beginning of a second part that lacks its leading `0`, as in the guide's CSV sample; the service judges it. */
const SECOND_WITHOUT_ZERO = 'oRDoQEmoQ';
/** The beginning of every token: self-described CBOR, five fields, type 1, 16 bytes. */
const START = '2dn3hQFQ';
/** Characters from which on a truncated token names its device: 22 bytes. */
const NAMING_LENGTH = 30;

const SECOND = `(?:[\\w-]{${SECOND_LENGTH}}|${SECOND_WITHOUT_ZERO}[\\w-]{${SECOND_LENGTH - 1 - SECOND_WITHOUT_ZERO.length}})`;
const TOKEN = `2dn3[\\w-]{${FIRST_LENGTH.min - 4},${FIRST_LENGTH.max - 4}}\\.${SECOND}`;
const WHOLE = new RegExp(`^${TOKEN}$`);
const WITHIN = new RegExp(`(?<![\\w.+/-])${TOKEN}(?![\\w.+/-])`);
const MARKER = /%ATTESTTOKEN:/gi;

/** The start of a log line of Nordic's firmware: time, level, module, function. */
const LOG_PREFIX = /^\s*\[[\d:., -]{5,40}\]\s*(?:<\w{1,8}>\s*)?(?:[\w.]{1,40}:\s*){0,3}/;
/** A line that belongs to a terminal, and not to a token. */
const NOISE =
  /^(?:AT(?:[+%#].*)?|OK|Ready|[+%#]\w+:.*|\*{3}.*|[-=*# ]*(?:BEGIN|END)\b.*|[-=*#]{3,}|\w{1,20}:~?[$#].*)$/i;
/** Text that may precede a token in its line: a prompt, a label, words; and follow it: quotes and the modem's OK. */
const BEFORE = /^(?:[^,;\t@{}/]*[\s:=>$([])?["'`\u00b4\u2018-\u201f\u00ab\u00bb]?$/;
const AFTER = /^["'`\u00b4\u2018-\u201f\u00ab\u00bb)\]]?[.]?\s*(?:OK\s*)?$/;

/** The lines of a text that are not blank. */
function linesOf(text: string): string[] {
  return text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
}

/** Whether a text is the output of a terminal or a log, line by line. */
export function isTerminalOutput(text: string): boolean {
  return linesOf(dropInvisible(text)).every((line) => LOG_PREFIX.test(line) || NOISE.test(line.trim()));
}

/** Whether a text is a claim token by its form (hot path: one test for each row). */
export function hasTokenForm(text: string): boolean {
  return WHOLE.test(text);
}

/**
 * Finds the claim token in a text as it is copied: clean, quoted, wrapped, a response of the modem, log lines.
 * White space and text around the token are dropped; a visible character within it never is.
 * @returns the token, or, if there is none, the text that should be one
 * @throws {InvalidValue} if there are several
 */
export function findToken(raw: string): string {
  const text = dropInvisible(raw);
  refuseSeveral(text);
  const found = inOneLine(text);
  if (found !== undefined) return found;
  const answer = lastAnswer(text);
  const quoted = answer === undefined ? undefined : /^\s*"([^"]*)"/.exec(answer)?.[1];
  return join(quoted ?? answer ?? text);
}

/** Counts tokens that differ; one that was cut and then came whole is the same. */
function refuseSeveral(text: string): void {
  const joined = text.replace(/\s+/g, '');
  const starts: number[] = [];
  for (let at = joined.indexOf(START); at >= 0; at = joined.indexOf(START, at + 1)) starts.push(at);
  if (starts.length < 2) return;
  const tokens = new Set(starts.map((start, index) => leadingToken(joined.slice(start, starts[index + 1]))));
  const different = [...tokens].filter((one) => {
    return one.length >= NAMING_LENGTH && ![...tokens].some((other) => other !== one && other.startsWith(one));
  });
  if (different.length > 1) {
    throw new InvalidValue(
      `holds ${different.length} different claim tokens; send one message for each, or use a bulk claim node`,
    );
  }
}

function leadingToken(text: string): string {
  const [token = ''] = /^[\w-]{0,82}(?:\.[\w-]{0,103})?/.exec(text) ?? [];
  return token;
}

/** A token that is whole in one line, between words that can surround it. */
function inOneLine(text: string): string | undefined {
  const lines = linesOf(text);
  for (const [index, line] of lines.entries()) {
    const found = WITHIN.exec(line);
    if (found === null) continue;
    const before = line.slice(0, found.index).replace(LOG_PREFIX, '');
    const after = line.slice(found.index + found[0].length);
    if (!BEFORE.test(trimLeadingControls(before)) || !AFTER.test(trimFrame(after) === '' ? '' : after))
      return undefined;
    // Bare characters in the next line may be the token's rest.
    const next = (lines[index + 1] ?? '').trim();
    const continued = after.trim() === '' && /^[\w-]+$/.test(next) && !NOISE.test(next);
    return continued ? undefined : found[0];
  }
  return undefined;
}

function trimLeadingControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- STX and NUL precede text from a scanner or a serial port
  return text.replace(/^[\u0000-\u001f\u007f]+/, '');
}

/** The text after the modem's last `%ATTESTTOKEN:`. */
function lastAnswer(text: string): string | undefined {
  const last = Array.from(text.matchAll(MARKER)).at(-1);
  return last === undefined ? undefined : text.slice(last.index + last[0].length);
}

/** Joins the lines of a wrapped token. An `OK` in the last line is part of the token only if the token needs it. */
function join(text: string): string {
  const lines = linesOf(text).map((line) => line.replace(LOG_PREFIX, ''));
  const all = trimFrame(lines.join('')).replace(/\s+/g, '');
  if (hasTokenForm(all)) return all;
  const rest = lines.filter((line) => !NOISE.test(line.trim())).join('');
  return trimFrame(rest).replace(/\s+/g, '') || all;
}
