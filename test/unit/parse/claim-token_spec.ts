import assert from 'node:assert/strict';
import { parseClaimToken } from '../../../nodes/parse/claim-token';
import { InvalidValue } from '../../../nodes/util/invalid-value';
import { encodeMessage } from '../../../simulator/identity/claim-token';

/** The guide's own. */
const TOKEN =
  '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWTE';
const DEVICE = '4961c873-408c-45ce-b1ba-7c0d99d88179';
/** The guide's sample for CSV, which lacks the leading `0` of its second part. */
const GUIDE_SAMPLE =
  '2dn3hQFQMGctS_s1SFah9Ec8pTovDQNQJQ6Xd9jnSmyoRTcyiJBnpFDeHvNg-5iCpT8LJcf7JVzK.oRDoQEmoQRBIfZYQIa6SNb3Ic7oz1UCacFTgWc63TNOE8i3rEa-cZElEUrKOOHlJ0dwGwPvZY0FXcA5L3Zh-TfQBONj1N5LPqYMmJc';
const OTHER =
  '2dn3hQFQUDYxVDkxRPCAIhIbZAFifQNQGv86y_GmR2SiY0wmRsHGVFDT791_BPH8YOWFiyCHND1q.0oRDoQEmoQRBIfZYQGuXwJliinHc6xDPruiyjsaXyXZbZVpUuOhHG9YS8L05VuglCcJhMN4EUhWVGpaHgNnHHno6ahi-d5tOeZmAcNY';
const [FIRST, SECOND] = TOKEN.split('.') as [string, string];
const ID = Buffer.from(DEVICE.replaceAll('-', ''), 'hex');
const LOG = '[00:00:05.123,456] <wrn> nrf_provisioning: ';
const THIRDS = [TOKEN.slice(0, 64), TOKEN.slice(64, 128), TOKEN.slice(128)] as const;

const LONG_3 = '1a00000003';
const LONG_16 = `5a00000010${'00'.repeat(16)}`;

/** A token whose first part is these bytes. */
const withFirst = (bytes: Buffer): string => `${bytes.toString('base64url')}.${SECOND}`;
/** The attestation message of the token, with some fields changed. */
const message = (fields: Partial<Parameters<typeof encodeMessage>[0]>): Buffer =>
  encodeMessage({ messageType: 1, deviceUuid: ID, deviceType: 3, firmwareUuid: ID, nonce: ID, ...fields });

/** All numbers and lengths of four bytes, to reach the length of a message without the field that is left out. */
const WITHOUT_DEVICE = Buffer.from(`d9d9f7851a0000000140${LONG_3}${LONG_16}${LONG_16}`, 'hex');
const WITHOUT_NONCE = Buffer.from(`d9d9f7851a00000001${LONG_16}${LONG_3}${LONG_16}5a`, 'hex');

describe('parseClaimToken', () => {
  const readable: Record<string, unknown> = {
    'text as it is': TOKEN,
    'a Buffer': Buffer.from(TOKEN),
    'a Uint8Array': new Uint8Array(Buffer.from(TOKEN)),
    'a Uint16Array': new Uint16Array(new Uint8Array(Buffer.from(TOKEN)).buffer),
    'an ArrayBuffer': new Uint8Array(Buffer.from(TOKEN)).buffer,
    "the modem's answer": `AT%ATTESTTOKEN\r\r\n%ATTESTTOKEN: "${TOKEN}"\r\n\r\nOK\r\n`,
    "the modem's answer without quotes": `%ATTESTTOKEN:${TOKEN}\r\nOK\r\n`,
    "the modem's answer in small letters": `%attesttoken: "${TOKEN}"\nOK`,
    "the modem's answer in one line": `%ATTESTTOKEN: "${TOKEN}" OK`,
    'the same answer twice': `%ATTESTTOKEN: "${TOKEN}" OK %ATTESTTOKEN: "${TOKEN}" OK`,
    'the same token in two lines': `${TOKEN}\n${TOKEN}`,
    'a truncated answer and the whole one': `%ATTESTTOKEN: "${FIRST}"\r\n%ATTESTTOKEN: "${TOKEN}"\r\nOK`,
    'wrapped text': `${THIRDS[0]}\r\n${THIRDS[1]}\n\t${THIRDS[2]}`,
    'a wrapped answer': `%ATTESTTOKEN: "${THIRDS.join('\r\n')}"\r\nOK`,
    'text in quotes': `"${TOKEN}"`,
    'text in single quotes': `'${TOKEN}'`,
    'text in typographic quotes': `\u201c${TOKEN}\u201d`,
    'text in low quotes': `\u201e${TOKEN}\u201c`,
    'text in quotes over two lines': `"${TOKEN.slice(0, 90)}\n${TOKEN.slice(90)}"`,
    'text with a byte order mark and a zero-width space': `\ufeff${TOKEN}\u200b`,
    'text with a word joiner and a direction mark': `\u2060${TOKEN}\u200e`,
    'text with a soft hyphen': `${TOKEN.slice(0, 90)}\u00ad${TOKEN.slice(90)}`,
    'text between STX and ETX': `\u0002${TOKEN}\u0003`,
    'text padded with NUL': `${TOKEN}\0\0\0`,
    "text and the modem's OK": `${TOKEN}\r\nOK`,
    'text with a label': `Claim token: ${TOKEN}`,
    "a log line of Nordic's firmware": `${LOG}${TOKEN}`,
    'a coloured log line': `\u001b[0;33m${LOG}${TOKEN}\u001b[0m\r\n`,
    'a boot log': `*** Booting nRF Connect SDK v2.9.0-7787b2649840 ***\r\n${LOG}Device is not claimed.\r\n${LOG}Attestation token: ${TOKEN}\r\n${LOG}Retrying in 30 seconds\r\n`,
    'a debug line with a function': `[00:00:05.123,456] <dbg> cloud: device_mode_cb: ${TOKEN}\r\n`,
    'the output of a shell command': `\u001b[1;32muart:~$ \u001b[mnrf_provisioning token\r\n${TOKEN}\r\n\u001b[1;32muart:~$ \u001b[m`,
    'a log line and the next one': `${LOG}${TOKEN}\r\n${LOG}Retrying\r\n`,
    'text with a long label': `Claim-token-of-the-device-in-the-basement: ${TOKEN}`,
    'text with a label, padded with NUL': `Claim token: ${TOKEN}\0\0`,
    "text after two NUL, and the modem's OK": `\0\0${TOKEN} OK`,
    'quoted text and a word in the next line': `"${TOKEN}"\nhello`,
    'a few characters of another token and a whole one': `${OTHER.slice(0, 29)}\n${TOKEN}`,
    'two answers that are wrapped at other places': [90, 64]
      .map((at) => `%ATTESTTOKEN: "${TOKEN.slice(0, at)}\r\n${TOKEN.slice(at)}"\r\nOK\r\n`)
      .join(''),
    'a wrapped answer without quotes': `%ATTESTTOKEN: ${THIRDS.join('\r\n')}\r\nOK`,
    'a wrapped answer without a space': `%ATTESTTOKEN:"${THIRDS.join('\r\n')}"\r\nOK`,
    'text that is wrapped with spaces, and OK with spaces around': `${THIRDS.join(' ')}\n  OK `,
    'a BEGIN/END block': `-----BEGIN CLAIM TOKEN-----\n${TOKEN}\n-----END CLAIM TOKEN-----\n`,
    'a wrapped BEGIN/END block': `=== BEGIN TOKEN ===\r\n${THIRDS.join('\r\n')}\r\n=== END TOKEN ===\r\n`,
    'a wrapped BEGIN/END block of log lines': ['-----BEGIN TOKEN-----', ...THIRDS, '-----END TOKEN-----']
      .map((line) => `${LOG}${line}`)
      .join('\r\n'),
  };
  for (const [name, value] of Object.entries(readable)) {
    it(`reads a token from ${name}`, () => {
      assert.deepEqual(parseClaimToken(value), { claimToken: TOKEN, deviceId: DEVICE });
    });
  }

  it('keeps an OK that is part of the token', () => {
    const token = `${TOKEN.slice(0, -2)}OK`;
    assert.equal(parseClaimToken(token).claimToken, token);
    assert.equal(parseClaimToken(`${token.slice(0, -2)}\nOK`).claimToken, token);
  });

  it("reads the guide's damaged sample, which the service judges", () => {
    assert.equal(parseClaimToken(GUIDE_SAMPLE).claimToken, GUIDE_SAMPLE);
    assert.equal(parseClaimToken(`"${GUIDE_SAMPLE}"\r\nOK`).claimToken, GUIDE_SAMPLE);
  });

  for (const [name, bytes] of [
    ["in the modem's own bytes", message({})],
    ['with a device type of two bytes', message({ deviceType: 24 })],
    ['with a device type of three bytes', message({ deviceType: 256 })],
    ['with the largest device type of one byte', message({ deviceType: 23 })],
    ['with its length in a byte of its own', lengthen(message({}), 5)],
    ['with its length in a byte of its own, and device type 23', lengthen(message({ deviceType: 23 }), 5)],
  ] as const) {
    it(`reads the device UUID of a message ${name}`, () => {
      assert.equal(parseClaimToken(withFirst(bytes)).deviceId, DEVICE);
    });
  }

  const refused: [name: string, value: unknown, fact: RegExp][] = [
    ['nothing', undefined, /missing/],
    ['null', null, /missing/],
    ['a number', 7, /a number/],
    ['an object', {}, /an object/],
    ['an array', [], /an array/],
    ['a boolean', true, /true or false/],
    ['very long text', 'x'.repeat(10_001), /10001 characters/],
    ['empty text', '', /empty/],
    ['empty quotes', '""', /empty/],
    ['NUL alone', '\0\0', /empty/],
    ['JSON text of an object', `{"claimToken":"${TOKEN}"}`, /JSON/],
    ['JSON text of an array', `["${TOKEN}"]`, /JSON/],
    ['a UUID', DEVICE, /UUID/],
    ['a UUID in braces', `{${DEVICE.toUpperCase()}}`, /UUID/],
    ['an IMEI', '352656091234567', /IMEI/],
    ['a URL', `https://example.com/claim?token=${TOKEN}`, /URL/],
    ['an e-mail address', 'a@example.com', /e-mail/],
    ["a row of Nordic's CSV", `352656106118683,${DEVICE},${TOKEN},2026-03-14T12:34:56.789012+00:00`, /row of a CSV/],
    ['a token and a comma', `${TOKEN},`, /row of a CSV/],
    ['an answer to AT%KEYGEN', '%KEYGEN: "abc.def"', /KEYGEN/],
    ['a public key', 'MFkwEwYHKoZIzj0CAQYIKoZI', /KEYGEN/],
    ['a CSR', 'MIIBCjCBsQ', /KEYGEN/],
    ['an answer to AT%CLAIMTOKEN', '%CLAIMTOKEN: "abc.def"', /CLAIMTOKEN/],
    ['ERROR', 'AT%ATTESTTOKEN\r\nERROR', /error answer/],
    ['+CME ERROR', '+CME ERROR: 3', /error answer/],
    ['a boot banner', '*** Booting nRF Connect SDK v2.9.0-7787b2649840 ***', /terminal output/],
    ['an echo', 'AT%ATTESTTOKEN', /terminal output/],
    ['a JWT', 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln', /JWT/],
    ['three parts that are not a JWT', 'a.b.c', /more than one dot/],
    ['two tokens in two lines', `${TOKEN}\n${OTHER}`, /2 different/],
    ['two answers', `%ATTESTTOKEN: "${TOKEN}" OK %ATTESTTOKEN: "${OTHER}" OK`, /2 different/],
    [
      'two wrapped tokens',
      [TOKEN, OTHER].map((token) => `${token.slice(0, 90)}\n${token.slice(90)}`).join('\n'),
      /2 diff/,
    ],
    [
      'three tokens of one device',
      [0, 1, 2].map((n) => withFirst(message({ nonce: Buffer.alloc(16, n) }))).join('\n'),
      /3 diff/,
    ],
    ['a whole token and one that is cut after its device', `${OTHER.slice(0, 30)}\n${TOKEN}`, /2 different/],
    ['two first parts', `${FIRST}\n${OTHER.slice(0, 76)}`, /2 different/],
    ['two second parts', `${FIRST}.${SECOND}\n${FIRST}.${OTHER.slice(77)}`, /2 different/],
    ['a first part', FIRST, /truncated/],
    ['a token without its last character', TOKEN.slice(0, -1), /102 characters/],
    ['a log line with a truncated token', `${LOG}${TOKEN.slice(0, -1)}`, /truncated/],
    ['a token without a character of its first part', TOKEN.replace('S', ''), /75 characters/],
    ['a token with one character more', `${TOKEN}A`, /104 characters/],
    ['a token that goes on in the next line', `${TOKEN}\nAB`, /105 characters/],
    ['a token that goes on in the next line, indented', `${TOKEN}\n AB`, /105 characters/],
    ['a token and a space that goes on in the next line', `${TOKEN} \nAB`, /105 characters/],
    ['an answer and words in quotes', `%ATTESTTOKEN: ${TOKEN} "x"`, /keyboard layout/],
    ['a token with a long first part', `${FIRST}1234567.${SECOND}`, /83 characters/],
    ['standard Base64', TOKEN.replace('-', '+'), /Base64/],
    ['padded Base64', `${TOKEN}=`, /Base64/],
    ['an apostrophe within the token', TOKEN.replace('-', "'"), /keyboard layout/],
    ['a backtick within the token', TOKEN.replace('-', '`'), /keyboard layout/],
    ['a German keyboard', TOKEN.replaceAll('-', 'ß').replaceAll('_', '?'), /keyboard layout/],
    ['exchanged Y and Z', TOKEN.replace('IfZYQ', 'IfYZQ'), /keyboard layout/],
    ['caps lock', exchangeCase(TOKEN), /caps lock/],
    ['a NUL within the token', `${TOKEN.slice(0, 90)}\0${TOKEN.slice(90)}`, /control characters/],
    ['another first part', `${'A'.repeat(76)}.${SECOND}`, /not an attestation message/],
    [
      'a first part with another tag',
      withFirst(Buffer.concat([Buffer.from('d9d9f65836', 'hex'), Buffer.alloc(54)])),
      /not an att/,
    ],
    ['a message of four fields', withFirst(replaceByte(message({}), 3, 0x84)), /not an att/],
    ['a message of type 2', withFirst(message({ messageType: 2 })), /type 2/],
    ['a message whose type has a reserved form', withFirst(replaceByte(message({}), 4, 0x1c)), /damaged/],
    ['a message whose type is text', withFirst(replaceByte(message({}), 4, 0x61)), /damaged/],
    ['a message without a device UUID', withFirst(WITHOUT_DEVICE), /damaged/],
    ['a message that ends within the length of its nonce', withFirst(WITHOUT_NONCE), /damaged/],
    ['a message with a short device UUID', withFirst(shorten(message({}), 5)), /damaged/],
    ['a message with a short firmware UUID', withFirst(shorten(message({ deviceType: 24 }), 24)), /damaged/],
    ['a message with a short nonce', withFirst(shorten(message({ deviceType: 24 }), 41)), /damaged/],
    ['a message with a negative device type', withFirst(replaceByte(message({}), 22, 0x20)), /damaged/],
    ['a message that ends early', withFirst(message({ deviceType: 256 }).subarray(0, -1)), /damaged/],
    ['a message with a byte more', withFirst(Buffer.concat([message({}), Buffer.alloc(1)])), /damaged/],
    ['a character that fills no byte', `${FIRST}A.${SECOND}`, /damaged/],
  ];
  for (const [name, value, fact] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => parseClaimToken(value),
        (error: Error) =>
          error instanceof InvalidValue && fact.test(error.message) && !error.message.includes('2dn3hQ'),
      );
    });
  }
});

/** Writes the length of the field at an index into a byte of its own. */
function lengthen(bytes: Buffer, at: number): Buffer {
  return Buffer.concat([bytes.subarray(0, at), Buffer.from([0x58, 16]), bytes.subarray(at + 1)]);
}

/** Makes the 16-byte field at an index one byte shorter, and keeps the message's length. */
function shorten(bytes: Buffer, at: number): Buffer {
  return Buffer.concat([bytes.subarray(0, at), Buffer.from([0x4f]), bytes.subarray(at + 2), Buffer.alloc(1)]);
}

function replaceByte(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = byte;
  return copy;
}

function exchangeCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
}
