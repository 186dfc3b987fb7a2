/** A claim token, whole or truncated, clean or as the modem prints it; also what is mistaken for one. */
const TOKEN =
  /^["'`\u2018-\u201f]{0,4}(?:%ATTESTTOKEN:\s{0,4}["']{0,2})?(?:2dn3[\w-]{4,}(?:\.[\w-]*)?|[\w-]{40,}\.[\w-]{20,})/i;
const AROUND_TOKEN = /^\s+|["'`\u2018-\u201f\s]{1,8}$/g;

const MONTH = '(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|des)[a-z]{0,6}\\.?';
const TIME = '\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?\\s*(?:[ap]m|z|[+-]\\d{2}:?\\d{2})?';
/** Values that are plainly not tags, although they are in a place for tags. */
const OTHER_VALUES = [
  // Dates, with or without a time, and times.
  `\\d{4}[-./]\\d{1,2}[-./]\\d{1,2}(?:[t ,]+${TIME})?`,
  `\\d{1,2}[-./]\\d{1,2}[-./]\\d{2,4}(?:[t ,]+${TIME})?`,
  '(?:19|20)\\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])(?:t\\d{4,6}z?)?',
  `(?:[a-z]{2,4}[., ]+)?\\d{1,2}[. -]+${MONTH}[ ,-]+\\d{2,4}.{0,30}`,
  `(?:[a-z]{2,4}[., ]+)?${MONTH} +\\d{1,2}[ ,]+.{0,30}`,
  TIME,
  // Long numbers: IMEI (also with dashes), ICCID, EID, epochs.
  '\\+?\\d(?:[ -]?\\d){8,39}(?:[.,]\\d{1,9})?f?',
  // Numbers as spreadsheets show them.
  '[+-]?\\d+(?:[.,]\\d+)?e[+-]?\\d+',
  // UUIDs and MAC addresses.
  '\\{?[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}\\}?',
  '[\\da-f]{2}(?:([:-])[\\da-f]{2})(?:\\1[\\da-f]{2}){4,6}',
  '[\\da-f]{4}(?:\\.[\\da-f]{4}){2}',
  '(?=[a-f]*\\d)[\\da-f]{12}',
  // E-mail addresses.
  '[^\\s@]{1,64}@[^\\s@]{1,100}\\.[a-z]{2,24}',
].map((pattern) => new RegExp(`^(?:${pattern})$`, 'i'));
/** Longest value that is compared. */
const MAX_VALUE_LENGTH = 120;

/** Whether a cell holds a claim token by its look, damaged ones included. */
export function looksLikeToken(cell: string): boolean {
  const text = cell.replace(AROUND_TOKEN, '');
  const found = TOKEN.exec(text);
  return found !== null && found[0].length === text.length;
}

/** Whether a value is plainly no tag: a date, time, long number, number in E notation, UUID, MAC or e-mail address. */
export function isPlainlyNoTag(cell: string): boolean {
  const value = cell.trim().replace(/^'/, '');
  return value.length <= MAX_VALUE_LENGTH && OTHER_VALUES.some((pattern) => pattern.test(value));
}
