import assert from 'node:assert/strict';
import { rootCertificates } from 'node:tls';
import { parseCertificates } from '../../../nodes/parse/certificates';
import { InvalidValue } from '../../../nodes/util/invalid-value';
import { assertSentence } from '../../support/sentences';

const [one, two] = rootCertificates as [string, string];

describe('parseCertificates', () => {
  for (const [what, value] of [
    ['one certificate', one],
    ['one certificate with a line end', `${one}\n`],
    ['two certificates', `${one}\n${two}`],
    ['two certificates with a blank line between', `${one}\n\n${two}`],
  ] as const) {
    it(`parseCertificates: takes ${what} as it is`, () => assert.equal(parseCertificates(value), value));
  }

  it('parseCertificates: drops white space before a certificate that has no line end', () => {
    assert.equal(parseCertificates(` \n${one}`), one);
  });

  it('parseCertificates: keeps one line end at the end, and drops white space around', () => {
    assert.equal(parseCertificates(` \n${one}\n\n `), `${one}\n`);
  });

  for (const [what, value] of [
    ['CRLF', one.replaceAll('\n', '\r\n')],
    ['CR', one.replaceAll('\n', '\r')],
    ['\\n in one line', one.replaceAll('\n', '\\n')],
    ['\\r\\n in one line', one.replaceAll('\n', '\\r\\n')],
    ['a BOM', `\ufeff${one}`],
    ['a Buffer', Buffer.from(one)],
  ] as const) {
    it(`parseCertificates: reads ${what}`, () => assert.equal(parseCertificates(value), one));
  }

  for (const [what, value] of [
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['empty text', ''],
    ['other text', 'hello'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'],
    ['an EC private key', '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----'],
    ['a CSR', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----'],
    ['a certificate without its end', one.slice(0, -10)],
    ['a damaged certificate', one.replace('MII', 'MIA')],
    ['a damaged second certificate', `${one}\n${two.replace('MII', 'MIA')}`],
    ['text around a certificate', `subject=x\n${one}`],
    ['far too much text', one.repeat(100)],
  ] as const) {
    it(`parseCertificates: refuses ${what}, without quoting it`, () => {
      assert.throws(
        () => parseCertificates(value),
        (error: Error) => {
          assertSentence(error.message);
          return error instanceof InvalidValue && !/MII|AAAA|hello/.test(error.message);
        },
      );
    });
  }
});
