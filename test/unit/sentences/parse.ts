import { parseClaimInput } from '../../../nodes/parse/claim-input';
import { parseClaimToken } from '../../../nodes/parse/claim-token';
import { parseDeviceId, parseTagId } from '../../../nodes/parse/ids';
import { parseQuery } from '../../../nodes/parse/query';
import { cleanPath, readRows } from '../../../nodes/parse/rows/index';
import type { RowSource } from '../../../nodes/parse/rows/index';
import { parseTagName } from '../../../nodes/parse/tag-name';
import { parseTags } from '../../../nodes/parse/tags';
import { encodeMessage } from '../../../simulator/identity/claim-token';
import type { SentenceTable } from './table';

const T1 =
  '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWTE';
const T2 =
  '2dn3hQFQUDYxVDkxRPCAIhIbZAFifQNQGv86y_GmR2SiY0wmRsHGVFDT791_BPH8YOWFiyCHND1q.0oRDoQEmoQRBIfZYQGuXwJliinHc6xDPruiyjsaXyXZbZVpUuOhHG9YS8L05VuglCcJhMN4EUhWVGpaHgNnHHno6ahi-d5tOeZmAcNY';
const UUID = '4961c873-408c-45ce-b1ba-7c0d99d88179';
const IMEI = '352656106118683';
const [FIRST, SECOND] = T1.split('.') as [string, string];
const ID = Buffer.alloc(16, 1);
const withMessage = (bytes: Buffer): string => `${bytes.toString('base64url')}.${SECOND}`;
const message = (fields: Partial<Parameters<typeof encodeMessage>[0]>): Buffer =>
  encodeMessage({ messageType: 1, deviceUuid: ID, deviceType: 3, firmwareUuid: ID, nonce: ID, ...fields });

const TOKENS: Record<string, unknown> = {
  nothing: undefined,
  'a number': 7,
  'an object': {},
  'very long text': 'x'.repeat(10_001),
  'empty text': '',
  'JSON text': `["${T1}"]`,
  'a URL': `https://example.com/?token=${T1}`,
  'an e-mail address': 'a@example.com',
  'an AT%KEYGEN result': 'MFkwEwYHKoZIzj0CAQYIKoZI.0oRD',
  'an AT%CLAIMTOKEN result': '%CLAIMTOKEN: "x.y"',
  'a modem error': '+CME ERROR: 3',
  'a UUID': UUID,
  'an IMEI': IMEI,
  'a JWT': 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln',
  'terminal output': '*** Booting nRF Connect SDK v2.9.0 ***',
  'a row of a CSV': `${IMEI},${UUID},${T1},2026-11-27T01:08:00`,
  'two tokens': `${T1}\n${T2}`,
  'caps lock': T1.replace(/[a-z]/gi, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  ),
  'exchanged Y and Z': T1.replace('IfZYQ', 'IfYZQ'),
  'standard Base64': T1.replace('-', '+'),
  'a control character': `${T1.slice(0, 90)}\0${T1.slice(90)}`,
  'a keyboard layout': T1.replace('-', "'"),
  'other characters': 'Zählerstand',
  'three parts': 'a.b.c',
  'a first part': FIRST,
  'one word': 'token',
  'a truncated first part': T1.slice(20),
  'a long first part': `${FIRST}1234567.${SECOND}`,
  'a truncated second part': T1.slice(0, -1),
  'a long second part': `${T1}A`,
  'another first part': `${'A'.repeat(76)}.${SECOND}`,
  'an array that is no message': withMessage(Buffer.concat([Buffer.from('d9d9f784', 'hex'), Buffer.alloc(53)])),
  'another message type': withMessage(message({ messageType: 2 })),
  'a damaged message': withMessage(Buffer.concat([message({}), Buffer.alloc(1)])),
};

const CLAIM_INPUTS: Record<string, unknown> = {
  'an array': [T1],
  'an empty object': {},
  'an upload': { bulkOpsRequestId: 'x' },
  'a summary': { failedUploads: 0 },
  '{ token }': { token: T1 },
  'other keys': { serial: 1, code: T1 },
  'a row of a CSV': { imei: IMEI, uuid: UUID, token: T1, time: '' },
  '{ claimToken, tag }': { claimToken: T1, tag: 'x' },
};

const TAGS: Record<string, unknown> = {
  'a number': 7,
  'an object in an array': [{}],
  'a long tag': 'x'.repeat(101),
  'half a surrogate pair': '\ud83d',
  'a replacement character': '\ufffd',
  'a control character': 'a\0b',
  'a curly quote': '\u201ca',
  'damaged JSON text': '["a"',
  'JSON text in an array': ['["a"]'],
};

const IDS: Record<string, unknown> = {
  nothing: undefined,
  'a number': 7,
  'an IMEI as a number': Number(IMEI),
  'an IMEI': IMEI,
  'empty text': ' ',
  dots: '..',
};

const CSV: Record<string, unknown> = {
  nothing: undefined,
  'a number': 7,
  'an object': { bulkOpsRequestId: 'x', rows: 1 },
  'an Excel workbook': Buffer.concat([Buffer.from('504b0304', 'hex'), Buffer.from('[Content_Types].xml')]),
  'a ZIP archive': Buffer.from('504b0304', 'hex'),
  'an old Excel workbook': Buffer.from('d0cf11e0a1b11ae1', 'hex'),
  gzip: Buffer.from('1f8b', 'hex'),
  bzip2: Buffer.from('425a6839314159265359', 'hex'),
  xz: Buffer.from('fd377a585a00', 'hex'),
  Zstandard: Buffer.from('28b52ffd', 'hex'),
  '7z': Buffer.from('377abcaf271c', 'hex'),
  'a PDF document': '%PDF-1.7',
  'a picture': Buffer.from('89504e47', 'hex'),
  HTML: '<html>',
  'JSON text': '[{"token":1}]',
  'bars between columns': `${T1}|a`,
  'another separator': `sep=!\ntoken!tags`,
  'binary data': Buffer.from('0001020304', 'hex'),
  'a path': '/data/tokens.csv',
  'no tokens': 'imei,uuid\n1,2',
};

const PATHS: Record<string, unknown> = {
  nothing: undefined,
  'a number': 7,
  content: [T1],
  'empty text': ' ',
  'CSV text': `${T1},a`,
  'a file URL': 'file:///data/tokens.csv',
  'a URL': 'https://example.com/tokens.csv',
  'a home folder': '~/tokens.csv',
};

const FILES: Record<string, string> = {
  'a missing file': '/nowhere/tokens.csv',
  'a device': '/dev/null',
  'a long path': 'x'.repeat(5000),
  'a NUL in the path': 'a\0b',
};

const ROWS: Record<string, unknown> = {
  'a wrong token': [UUID],
  'a wrong tag': [[T1, 'x'.repeat(101)]],
  'a tag with a comma': [{ claimToken: T1, tags: ['a,b'] }],
  'tags without quotes': `${T1},a,b`,
  'a date as a tag': `${T1},a\n${T2},2026-11-27\n${T1},b`,
  'a duplicate': [T1, T1],
  'an item that cannot be read': [
    Object.defineProperty({}, 'claimToken', { get: () => void JSON.parse('{'), enumerable: true }),
  ],
  'an open quote': `${T1}\n"${T2}`,
  'a misplaced quote': `${T1}\n${T2},a"b`,
  'a long row': `${T1}\n${'x'.repeat(70_000)}`,
};

const COLUMNS: Record<string, { tokenColumn?: string; tagsColumn?: string }> = {
  'an unknown column': { tokenColumn: 'serial' },
  'the same column': { tokenColumn: '1', tagsColumn: '1' },
};

/** The reason of the first invalid row. */
async function firstReason(source: RowSource, options = {}): Promise<string> {
  const all = { tokenColumn: 0, tagsColumn: 0, tags: [], ...options };
  for await (const rows of readRows(source, all, new AbortController().signal)) {
    for (const row of rows) if (!row.ok) return row.reason;
  }
  return 'no invalid row';
}

function table<T>(name: string, inputs: Record<string, T>, read: (input: T) => unknown): SentenceTable {
  return Object.fromEntries(Object.entries(inputs).map(([input, value]) => [`${name}: ${input}`, () => read(value)]));
}

/** What is said of every kind of input that cannot be used: predicates whose subject is the source, and rows' reasons. */
export const parseSentences: SentenceTable = {
  ...table('claim token', TOKENS, parseClaimToken),
  ...table('claim', CLAIM_INPUTS, parseClaimInput),
  ...table('tags', TAGS, (input) => parseTags(input)),
  ...table('tag name', { nothing: undefined, 'a number': 7 }, parseTagName),
  ...table('device id', IDS, parseDeviceId),
  ...table('tag id', { nothing: undefined, dots: '.' }, parseTagId),
  ...table('query', { 'a number': 7, 'a Date': new Date(0), 'an object in it': { a: {} } }, parseQuery),
  ...table('CSV', CSV, (value) => firstReason({ kind: 'value', value })),
  ...table('columns', COLUMNS, (options) => firstReason({ kind: 'value', value: `token,tags\n${T1}` }, options)),
  ...table('path', PATHS, cleanPath),
  ...table('file', FILES, (path) => firstReason({ kind: 'file', path })),
  ...table('row', ROWS, (value) => firstReason({ kind: 'value', value })),
};
