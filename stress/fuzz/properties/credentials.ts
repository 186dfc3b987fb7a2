import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { parseCertificates } from '../../../nodes/parse/certificates';
import { parseSecurityTag } from '../../../nodes/parse/security-tag';
import { InvalidValue } from '../../../nodes/util/invalid-value';
import { property, type AnyProperty } from '../property';
import { assertCertificates } from '../request-oracle';
import { credentialRecipe, pemText, SECRET, securityTag } from '../values/credentials';
import { build, isLookable } from '../values/hostile';
import { longText, written } from '../values/texts';

function assertRefusal(error: unknown): void {
  assert.ok(error instanceof InvalidValue, String(error));
  assert.match(error.message, /^(is|has|holds) [^\n]{5,200}$/);
  assert.doesNotMatch(error.message, SECRET);
}

/** @returns the result, or `undefined` if the value is refused in a sentence */
function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assertRefusal(error);
    return undefined;
  }
}

export const credentials: AnyProperty[] = [
  property({
    name: 'certificates in PEM are taken whole however their lines end, and everything else is refused',
    weight: 4,
    limitMs: 100,
    arbitrary: pemText,
    check: ({ text, certificates }) => {
      const content = tryRead(() => parseCertificates(text));
      assert.equal(content !== undefined, certificates !== undefined, content ?? 'it was refused');
      if (content === undefined) return;
      assertCertificates(content);
      const blocks = content.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
      assert.equal(blocks.map((block) => new X509Certificate(block)).length, certificates);
      assert.equal(parseCertificates(content), content);
      assert.equal(parseCertificates(Buffer.from(text)), content);
    },
  }),
  property({
    name: 'values of any kind are certificates or security tags, or are refused',
    weight: 4,
    limitMs: 100,
    arbitrary: credentialRecipe.filter(isLookable),
    check: (recipe) => {
      const content = tryRead(() => parseCertificates(build(recipe)));
      if (content !== undefined) assertCertificates(content);
      const tag = tryRead(() => parseSecurityTag(build(recipe)));
      assert.ok(tag === undefined || (Number.isInteger(tag) && tag >= 0 && tag < 2 ** 32), String(tag));
    },
  }),
  property({
    name: 'a security tag is the unsigned 32-bit number that was written, or is refused',
    weight: 4,
    limitMs: 100,
    arbitrary: fc.oneof(securityTag, fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n }).map(String)),
    check: (value) => {
      const isText = typeof value === 'string' && /^\s*[0-9]+\s*$/.test(value);
      const number = isText ? BigInt(value.trim()) : Number.isInteger(value) ? BigInt(value as number) : -1n;
      const isUsable = number >= 0n && number < 2n ** 32n && (!isText || value.trim().length <= 10);
      const tag = tryRead(() => parseSecurityTag(value));
      assert.equal(tag === undefined ? undefined : BigInt(tag), isUsable ? number : undefined);
    },
  }),
  property({
    name: 'long texts take no time as certificates and security tags',
    weight: 0.05,
    limitMs: 200,
    arbitrary: longText(300_000),
    check: (text) => {
      tryRead(() => parseCertificates(written(text)));
      tryRead(() => parseCertificates(`-----BEGIN ${written(text).slice(0, 65_000)}`));
      tryRead(() => parseSecurityTag(written(text)));
    },
  }),
];
