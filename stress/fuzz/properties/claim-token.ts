import { InvalidValue } from '../../../nodes/util/invalid-value';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseClaimToken } from '../../../nodes/parse/claim-token';
import { property, type AnyProperty } from '../property';
import { anyRecipe, build } from '../values/hostile';
import { longText, oddText, written } from '../values/texts';
import { damagedToken, soundToken, wrapping } from '../values/tokens';

/** What the parser makes of a value; a refusal must be one that it means. */
function read(value: unknown): ReturnType<typeof parseClaimToken> | undefined {
  try {
    return parseClaimToken(value);
  } catch (error) {
    assert.ok(error instanceof InvalidValue, `not an InvalidValue: ${(error as Error).message}`);
    assert.match(error.message, /^(is|has|holds) [^\n]{4,200}$/);
    assert.doesNotMatch(error.message, /[\w-]{20,}/, 'a refusal quotes what was given');
    return undefined;
  }
}

/** Whether a text is a claim token, by the places of its bytes alone; written without the product's CBOR. */
export function isSound(token: string): boolean {
  const [first = '', second = '', ...more] = token.split('.');
  const secondFits = /^[\w-]{103}$/.test(second) || /^oRD[\w-]{99}$/.test(second);
  if (more.length > 0 || !/^[\w-]{76,82}$/.test(first) || !secondFits) return false;
  const bytes = Buffer.from(first, 'base64url');
  return bytes.subarray(0, 3).toString('hex') === 'd9d9f7' && bytes.length >= 57 && bytes.length <= 61;
}

/** Whether a text can be had from another by dropping characters. */
function comesFrom(part: string, whole: string): boolean {
  let at = 0;
  for (const unit of whole) if (unit === part[at]) at++;
  return at === part.length;
}

export const claimToken: AnyProperty[] = [
  property({
    name: 'a token is read however it is wrapped',
    weight: 10,
    limitMs: 25,
    arbitrary: fc.tuple(soundToken, wrapping, fc.boolean()).map(([token, wrap, asBuffer]) => {
      const text = wrap(token.claimToken);
      return { ...token, text, asBuffer };
    }),
    check: ({ claimToken: expected, deviceId, text, asBuffer }) => {
      assert.deepEqual(parseClaimToken(asBuffer ? Buffer.from(text) : text), { claimToken: expected, deviceId });
    },
  }),
  property({
    name: 'what is taken for a token is one, and was in the text',
    weight: 20,
    limitMs: 25,
    arbitrary: fc.oneof(
      damagedToken,
      oddText,
      fc.tuple(oddText, damagedToken, oddText).map((all) => all.join('')),
    ),
    check: (text) => {
      const token = read(text);
      if (token === undefined) return;
      assert.ok(isSound(token.claimToken));
      assert.ok(comesFrom(token.claimToken, text));
      assert.match(token.deviceId, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
      assert.deepEqual(parseClaimToken(token.claimToken), token);
    },
  }),
  property({
    name: 'noise before the marker does not matter',
    weight: 2,
    limitMs: 25,
    // What begins like a token is a second one, and a terminal's unfinished escape sequence takes letters of the marker.
    arbitrary: fc.tuple(
      oddText.filter((text) => !text.includes('2dn3hQ') && !endsInEscape(text)),
      soundToken,
    ),
    check: ([noise, { claimToken: expected }]) => {
      assert.equal(
        parseClaimToken(`${noise}%ATTESTTOKEN: "${expected}"${noise}`.slice(0, -noise.length || undefined)).claimToken,
        expected,
      );
    },
  }),
  property({
    name: 'first parts that are any CBOR',
    weight: 20,
    limitMs: 25,
    arbitrary: fc
      .tuple(
        fc.constantFrom('d9d9f785', 'd9d9f79b', 'd9d9f79f', 'd9d9f7bb', 'd9d9f75b', 'd9d9f7d9d9f7', 'd9d9f7'),
        fc.uint8Array({ minLength: 50, maxLength: 58 }),
      )
      .map(
        ([head, tail]) =>
          `${Buffer.concat([Buffer.from(head, 'hex'), tail])
            .toString('base64url')
            .slice(0, 82)}.${'A'.repeat(103)}`,
      ),
    check: (text) => void read(text),
  }),
  property({
    name: 'long texts take no time as a token',
    weight: 0.05,
    limitMs: 25,
    arbitrary: longText(9_900),
    check: (text) => void read(written(text)),
  }),
  property({
    name: 'values of any kind are a token or are refused',
    weight: 4,
    limitMs: 100,
    // A Proxy may throw at any look; what goes around the parser has to bear it.
    arbitrary: anyRecipe.filter((recipe) => !/throw|revoked/.test(JSON.stringify(recipe))),
    check: (recipe) => {
      const value = build(recipe);
      read(value);
    },
  }),
];

function endsInEscape(text: string): boolean {
  const at = text.lastIndexOf('\u001b');
  return at >= 0 && /^(\[[0-?]*[ -/]*)?$/.test(text.slice(at + 1));
}
