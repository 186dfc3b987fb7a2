import { InvalidValue } from '../../../nodes/util/invalid-value';
import assert from 'node:assert/strict';
import { parseClaimToken } from '../../../nodes/parse/claim-token';
import { describeType } from '../../../nodes/util/json';
import { encodeMessage } from '../../../simulator/identity/claim-token';

/** The guide's own. */
const TOKEN =
  '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWTE';
const DEVICE = '4961c873-408c-45ce-b1ba-7c0d99d88179';
const [FIRST, SECOND] = TOKEN.split('.') as [string, string];
const ID = Buffer.from(DEVICE.replaceAll('-', ''), 'hex');

/** A token whose first part is these bytes. */
const withFirst = (bytes: Buffer): string => `${bytes.toString('base64url')}.${SECOND}`;
/** The attestation message of the token, with some fields otherwise. */
const message = (fields: Partial<Parameters<typeof encodeMessage>[0]>): Buffer =>
  encodeMessage({ messageType: 1, deviceUuid: ID, deviceType: 3, firmwareUuid: ID, nonce: ID, ...fields });

describe('parseClaimToken', () => {
  for (const [name, value] of [
    ['as it is', TOKEN],
    ['as bytes', Buffer.from(TOKEN)],
    ['as the modem answers', `AT%ATTESTTOKEN\r\r\n%ATTESTTOKEN: "${TOKEN}"\r\n\r\nOK\r\n`],
    ['as the modem answers, without quotes', `%ATTESTTOKEN:${TOKEN}\r\nOK\r\n`],
    ['in small letters', `%attesttoken: "${TOKEN}"\nOK`],
    ['after another answer', `%ATTESTTOKEN: "${FIRST}"\r\n%ATTESTTOKEN: "${TOKEN}"\r\nOK`],
    ['wrapped', `${TOKEN.slice(0, 60)}\r\n${TOKEN.slice(60, 120)}\n\t${TOKEN.slice(120)}`],
    ['quoted', `"${TOKEN}"`],
    ['in typographic quotes', `\u201c${TOKEN}\u201d`],
    ['with invisible characters', `\ufeff${TOKEN}\u200b`],
    ['and the OK of the modem', `${TOKEN}\r\nOK`],
    ['and an OK that is part of it', `${TOKEN.slice(0, -2)}OK`],
  ] as const) {
    it(`reads a token ${name}`, () => {
      const { claimToken, deviceId } = parseClaimToken(value);
      assert.equal(deviceId, DEVICE);
      assert.equal(claimToken, name.endsWith('part of it') ? value : TOKEN);
    });
  }

  for (const [name, bytes] of [
    ['in the modem’s own bytes', message({})],
    ['with a device type of two bytes', message({ deviceType: 24 })],
    ['with the largest device type of one byte', message({ deviceType: 23 })],
  ] as const) {
    it(`reads the device UUID of a message ${name}`, () => {
      assert.equal(parseClaimToken(withFirst(bytes)).deviceId, DEVICE);
    });
  }

  it('reads the device UUID of a message that is written as no modem writes it', () => {
    // The device UUID with its length in a byte of its own.
    const long = Buffer.concat([message({}).subarray(0, 5), Buffer.from([0x58, 16]), message({}).subarray(6)]);
    assert.equal(parseClaimToken(withFirst(long)).deviceId, DEVICE);
  });

  const copy = 'copy the whole text';
  const attest = 'give the answer to AT%ATTESTTOKEN';
  for (const [value, sentence] of [
    [undefined, 'is missing; give the claim token of a device'],
    [null, 'is missing; give the claim token of a device'],
    [7, 'is a number; give the claim token as text'],
    [{}, 'is an object; give the claim token as text'],
    [[], 'is an array; give the claim token as text'],
    [true, 'is true or false; give the claim token as text'],
    ['x'.repeat(10_001), 'has 10001 characters; a claim token has 180'],
    ['', 'is empty; give the claim token of a device'],
    ['""', 'is empty; give the claim token of a device'],
    ['{"token":1}', 'is JSON text; parse it with a json node first'],
    ['[1]', 'is JSON text; parse it with a json node first'],
    [DEVICE, 'is a UUID; give the claim token, which the modem answers to AT%ATTESTTOKEN'],
    [DEVICE.toUpperCase(), 'is a UUID; give the claim token, which the modem answers to AT%ATTESTTOKEN'],
    ['35265609123456', 'is an IMEI; give the claim token, which the modem answers to AT%ATTESTTOKEN'],
    ['35265609123456789', 'is an IMEI; give the claim token, which the modem answers to AT%ATTESTTOKEN'],
    ['3526560912345', `is not a claim token: it has no dot between two parts; ${attest}`],
    ['352656091234567890', `is not a claim token: it has no dot between two parts; ${attest}`],
    [
      '%KEYGEN: "abc.def"',
      'is a result of AT%KEYGEN (a public key or CSR), which cannot be claimed; give the answer to AT%ATTESTTOKEN',
    ],
    [
      'MFkwEwYHKoZIzj0CAQYIKoZI',
      'is a result of AT%KEYGEN (a public key or CSR), which cannot be claimed; give the answer to AT%ATTESTTOKEN',
    ],
    [
      'MIIBCjCBsQ',
      'is a result of AT%KEYGEN (a public key or CSR), which cannot be claimed; give the answer to AT%ATTESTTOKEN',
    ],
    ['%CLAIMTOKEN: "abc.def"', 'is an answer to AT%CLAIMTOKEN, which cannot be claimed; use AT%ATTESTTOKEN'],
    ['ERROR', "is the modem's error answer; the modem needs firmware 2.0.0 or newer on an nRF91x1"],
    ['AT%ATTESTTOKEN\r\nERROR', "is the modem's error answer; the modem needs firmware 2.0.0 or newer on an nRF91x1"],
    ['+CME ERROR: 3', "is the modem's error answer; the modem needs firmware 2.0.0 or newer on an nRF91x1"],
    ['+CMS ERROR: 3', "is the modem's error answer; the modem needs firmware 2.0.0 or newer on an nRF91x1"],
    [
      'eyJhbGciOiJFUzI1NiJ9.e30',
      `is a JWT (three parts); give the claim token, which the modem answers to AT%ATTESTTOKEN`,
    ],
    ['a.b.c', `is a JWT (three parts); give the claim token, which the modem answers to AT%ATTESTTOKEN`],
    ['a.b.c.d', 'has more than one dot; give one claim token'],
    [FIRST, `is a cut claim token: it ends before the dot; ${copy}`],
    ['abc', `is not a claim token: it has no dot between two parts; ${attest}`],
    [`${FIRST}+.${SECOND}`, 'is in standard Base64 (it holds +, / or =); claim tokens are base64url without padding'],
    [`${FIRST}.${SECOND}=`, 'is in standard Base64 (it holds +, / or =); claim tokens are base64url without padding'],
    [`${FIRST}.${SECOND}§`, 'holds characters that no claim token has; give the answer to AT%ATTESTTOKEN as it is'],
    [
      `${FIRST.slice(0, 75)}.${SECOND}`,
      `is a cut claim token: its first part has 75 characters instead of 76; ${copy}`,
    ],
    [`${FIRST}1234567.${SECOND}`, 'is not a claim token: its first part has 83 characters instead of 76'],
    [
      `${FIRST}.${SECOND.slice(0, 101)}`,
      `is a cut claim token: its second part has 101 characters instead of 103; ${copy}`,
    ],
    [`${FIRST}.${SECOND}1`, 'is not a claim token: its second part has 104 characters instead of 103'],
    [`${'_'.repeat(76)}.${SECOND}`, 'is damaged: its first part is not a CBOR message; read it from the device again'],
    [`${'A'.repeat(76)}.${SECOND}`, 'is damaged: its first part is not a CBOR message; read it from the device again'],
    [
      withFirst(Buffer.concat([Buffer.from('d9d9f65836', 'hex'), Buffer.alloc(54)])),
      'is not a claim token: its first part is not an attestation message',
    ],
    [
      withFirst(Buffer.concat([Buffer.from('d9d9f75835', 'hex'), Buffer.alloc(53)])),
      'is not a claim token: its first part is not an attestation message',
    ],
    [
      withFirst(message({ messageType: 2 })),
      'is an attestation message of type 2, which cannot be claimed; give the answer to AT%ATTESTTOKEN',
    ],
  ] as const) {
    const shown = typeof value === 'string' ? value.replace(/\s+/g, ' ').slice(0, 90) : JSON.stringify(value);
    it(`says of ${shown} that it ${sentence.slice(0, 60)}`, () => {
      assert.throws(
        () => parseClaimToken(value),
        (error: Error) => error instanceof InvalidValue && error.message === sentence,
        sentence,
      );
    });
  }

  const short = (at: number): Buffer => {
    const bytes = message({ deviceType: 24 });
    // A field of 15 bytes; the message keeps its length, as the first one is written longer.
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([0x4f]), bytes.subarray(at + 2)]);
  };
  for (const [field, bytes] of [
    ['device UUID', Buffer.concat([message({}).subarray(0, 5), Buffer.from([0x4f]), message({}).subarray(7)])],
    ['firmware UUID', short(24)],
    ['nonce', short(41)],
    ['device type', Buffer.concat([message({}).subarray(0, 22), Buffer.from([0x20]), message({}).subarray(23)])],
  ] as const) {
    it(`refuses a message whose ${field} is none`, () => {
      assert.throws(
        () => parseClaimToken(withFirst(Buffer.concat([bytes, Buffer.alloc(Math.max(0, 57 - bytes.length))]))),
        InvalidValue,
      );
    });
  }
});

describe('kindOf', () => {
  for (const [value, words] of [
    [null, 'null'],
    [undefined, 'missing'],
    [[], 'an array'],
    [Buffer.alloc(1), 'a Buffer'],
    [{}, 'an object'],
    [1, 'a number'],
    [false, 'true or false'],
    ['', 'text'],
    [Symbol('x'), 'symbol'],
    [1n, 'bigint'],
  ] as const) {
    it(`calls ${words} by its name`, () => assert.equal(describeType(value), words));
  }
});
