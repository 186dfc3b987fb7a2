import type { Device } from '../../harness/controls';

/** A CSV as a contract manufacturer might send it, and the expected outcomes of its rows. */
export interface MessyFile {
  csv: string;
  /** Devices that the service must have claimed in the end. */
  good: Device[];
  /** Devices that belong to another account. */
  foreign: Device[];
  expected: { rows: number; claimed: number; refused: number; rejected: number; codes: Record<string, number> };
}

const COUNT = { good: 2300, foreign: 40, tampered: 20, invalidToken: 60, duplicate: 40, invalidTag: 20, badCsv: 20 };
/** Number of simulated devices that the file needs. */
export const FILE_DEVICES = COUNT.good + COUNT.foreign + COUNT.tampered + COUNT.invalidTag + COUNT.badCsv;

/** Values that users enter in place of a claim token. */
const NO_TOKENS = [
  '352656106118683',
  '4961c873-408c-45ce-b1ba-7c0d99d88179',
  'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZKgDx0O0FKa7i1yFoxYngNdV5Csyi4rEPHcFTfeBVtkkJX-G0QZs-yesfzIaPs91b4x5xYN_g28k63gkeVMJwA.0oRDoQ',
  'ERROR',
  'no answer',
];

/** Makes a file of 2,500 rows: BOM, header, blank lines, CRLF, quotes, and every kind of invalid row. */
export function messyFile(devices: Device[]): MessyFile {
  const next = (
    (rest) => (count: number) =>
      rest.splice(0, count)
  )([...devices]);
  const good = next(COUNT.good);
  const foreign = next(COUNT.foreign);
  const rows = [
    ...good.map(({ claimToken }, i) => `${claimToken}${TAGS[i % TAGS.length]!}`),
    ...foreign.map(({ claimToken }) => claimToken),
    ...next(COUNT.tampered).map(({ claimToken }) => `${swapTail(claimToken)},`),
    ...times(COUNT.invalidToken, (i) => NO_TOKENS[i % NO_TOKENS.length]!),
    ...next(COUNT.invalidTag).map(({ claimToken }) => `${claimToken},${'x'.repeat(101)}`),
    ...next(COUNT.badCsv).map(({ claimToken }) => `${claimToken},"never closed`),
  ];
  // A step that has no common divisor with the length visits every row once.
  const mixed = rows.map((_, i) => rows[(i * 7) % rows.length]!);
  // The second row of a device is the duplicate, so these come last.
  const duplicates = times(COUNT.duplicate, (i) => `"${good[i * 50]!.claimToken}","again"`);
  const lines = [...mixed, ...duplicates].flatMap((row, i) => (i % 100 === 99 ? [row, ''] : [row]));
  const rejected = COUNT.invalidToken + COUNT.duplicate + COUNT.invalidTag + COUNT.badCsv;
  return {
    csv: `\ufeffclaim token,tags\r\n${lines.join('\r\n')}\r\n`,
    good,
    foreign,
    expected: {
      rows: rows.length + duplicates.length,
      claimed: COUNT.good,
      refused: COUNT.foreign + COUNT.tampered,
      rejected,
      codes: {
        INVALID_TOKEN: COUNT.invalidToken,
        DUPLICATE: COUNT.duplicate,
        INVALID_TAG: COUNT.invalidTag,
        BAD_CSV: COUNT.badCsv,
      },
    },
  };
}

const TAGS = ['', ',batch=7', ',"batch=7,color=white"', ',"say ""hi"""', ',"batch=7,\r\ncolor=white"'];

function times(count: number, make: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** The token with a damaged signature. */
export function swapTail(claimToken: string): string {
  const at = claimToken.length - 20;
  return `${claimToken.slice(0, at)}${claimToken[at] === 'A' ? 'B' : 'A'}${claimToken.slice(at + 1)}`;
}
