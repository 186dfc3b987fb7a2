/** Characters that no screen shows: soft hyphen, zero-width and directional characters, byte order mark and the like. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
/** Colours and other control sequences of a terminal. */
const TERMINAL_SEQUENCE =
  // eslint-disable-next-line no-control-regex -- they begin with the escape character
  /\u001b(?:\[[0-?]{0,32}[ -/]{0,8}[@-~]|\][^\u0007\u001b]{0,256}(?:\u0007|\u001b\\)|[@-Z\\^_])/g;
const QUOTES = '"\'`\u00b4\u2018-\u201f\u00ab\u00bb\u2039\u203a';

/** Drops what a terminal or an editor adds without showing it. Control characters stay, except in terminal sequences. */
export function dropInvisible(text: string): string {
  return text.replace(TERMINAL_SEQUENCE, '').replace(INVISIBLE, '');
}

const FRAME = new RegExp(`[\\s\\u0000-\\u001f\\u007f-\\u009f${QUOTES}]`);

/**
 * Drops white space, control characters (NUL padding, STX, ETX) and quotes around a text. A regular expression would look
 * back for each character of a long run; this takes linear time.
 */
export function trimFrame(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && FRAME.test(text[start]!)) start++;
  while (end > start && FRAME.test(text[end - 1]!)) end--;
  return text.slice(start, end);
}
