import assert from 'node:assert/strict';
import { parseClaimToken } from '../../../nodes/parse/claim-token';
import { isTerminalOutput } from '../../../nodes/parse/token-text';
import { InvalidValue } from '../../../nodes/util/invalid-value';

const UUID = '4961c873-408c-45ce-b1ba-7c0d99d88179';
/** A first part that is too short, and not a cut token. */
const A = 'A'.repeat(75);

describe('parseClaimToken: what a text is instead', () => {
  for (const [what, text, fact] of [
    ['JSON text after white space', ' {"token":"x"}', /JSON/],
    ['a word before an object', 'x {"token":"x"}', /no claim token has/],
    ['a URL whose scheme has a digit', 'h2c://example.com', /URL/],
    ['a word before a URL', 'see https://example.com', /no claim token has/],
    ['an e-mail address', 'anna@example.com', /e-mail/],
    ['two e-mail addresses', 'a@example.com,b@example.com', /no claim token has/],
    ['a word before an e-mail address', 'mail a@example.com', /no claim token has/],
    ['text with the start of a public key within', 'AMFkAAAA', /no dot/],
    ['text with the start of a CSR within', 'AMIBAAAA', /no dot/],
    ['ERROR alone', 'ERROR', /error answer/],
    ['a letter before the digits of an IMEI', 'x352656091234567', /no dot/],
    ['cells without a token, one of them a UUID', `352656091234567, ${UUID}`, /row of a CSV/],
    ['capital letters of a token that is far too short', '2DN3'.padEnd(100, 'A'), /no dot/],
    ['capital letters of a token that is far too long', '2DN3'.padEnd(300, 'A'), /no dot/],
    ['other characters in a text as long as a token', 'ß'.repeat(180), /keyboard layout/],
    ['other characters in a short token', '2dn3ß', /keyboard layout/],
    ['other characters in a short text', 'ß', /as it is/],
    ['other characters before the start of a token', 'ß2dn3', /as it is/],
    ['text without a dot', 'AAAA', /no dot/],
    ['a short first part', `${A}.A`, /first part has 75/],
    ['a long first part', `${A}AAAAAAAA.A`, /first part has 83/],
    [
      'a first part of the greatest length and a short second part',
      `${A}AAAAAAA.${'A'.repeat(102)}`,
      /second part has 102/,
    ],
    ['a long second part', `${A}A.${'A'.repeat(104)}`, /second part has 104/],
  ] as const) {
    it(`parseClaimToken: ${what} is named`, () => {
      assert.throws(
        () => parseClaimToken(text),
        (error: Error) => error instanceof InvalidValue && fact.test(error.message),
      );
    });
  }
});

describe('isTerminalOutput', () => {
  for (const [what, text, expected] of [
    ['commands and answers with blank lines between', 'AT\r\n \r\n\r\nOK\r\n', true],
    ['an answer with spaces around', ' OK ', true],
    ['an answer and a word', 'OK\nhello', false],
  ] as const) {
    it(`isTerminalOutput: ${what}`, () => assert.equal(isTerminalOutput(text), expected));
  }
});
