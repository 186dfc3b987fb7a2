import fc from 'fast-check';

/** Pieces that mean something to some reader of text: tokens, CSV, URLs, dates, regular expressions. */
const PIECES = [
  ...[
    ' ',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '"',
    '""',
    "'",
    ',',
    ';',
    '.',
    '..',
    '/',
    '-',
    '_',
    '+',
    '=',
    '%',
    '\\',
    '&',
    '?',
    '#',
  ],
  ...[
    'a',
    'A',
    '0',
    '7',
    'é',
    'ß',
    'İ',
    '日',
    '😀',
    '\ud800',
    '\udc00',
    '\u0000',
    '\u001b',
    '\u2028',
    '\ufeff',
    '\u200b',
    '\ufffd',
  ],
  ...[
    'OK',
    'ERROR',
    '%ATTESTTOKEN:',
    '2dn3',
    '2dn3hQFQ',
    'eyJ',
    'MFkw',
    '%KEYGEN',
    '{',
    '[',
    '}',
    ']',
    ':',
    '(1-based)]: ',
    '."}',
  ],
  ...[
    '[2]: ',
    '10:00',
    'Tue, ',
    '__proto__',
    'constructor',
    'null',
    '-1',
    '1e999',
    'NaN',
    'sep=',
    'token',
    'tags',
    'x'.repeat(99),
  ],
];

/** Text of pieces that mean something, mixed with any characters. */
export const oddText = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ unit: 'binary', maxLength: 6 })), {
    maxLength: 12,
  })
  .map((pieces) => pieces.join(''));

/** What a long text is made of, so that a failing case stays short in print. */
export interface LongText {
  before: string;
  unit: string;
  times: number;
  after: string;
}

/** Texts that repeat something so often that a reader which looks back for each character would stand still. */
export function longText(length: number): fc.Arbitrary<LongText> {
  const piece = fc.constantFrom(...PIECES, '');
  return fc.record({
    before: piece,
    unit: fc.oneof(
      fc.constantFrom(...PIECES),
      fc.tuple(piece, piece).map((two) => two.join('') || 'a'),
    ),
    times: fc.constant(length),
    after: fc.oneof(piece, fc.constantFrom('!', 'x', 'OK x')),
  });
}

/** The text itself, of about `times` characters. */
export function written({ before, unit, times, after }: LongText): string {
  return before + unit.repeat(Math.ceil(times / unit.length)) + after;
}
