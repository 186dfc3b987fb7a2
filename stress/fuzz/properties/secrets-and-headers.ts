import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseBaseUrl } from '../../../nodes/http/base-url';
import { Redactor } from '../../../nodes/http/redact';
import { parseBody } from '../../../nodes/api/error-mapping';
import { rootCauseText, sanitize } from '../../../nodes/util/sanitize';
import { backoffMs, MAX_RETRY_AFTER_MS, parseRetryAfter } from '../../../nodes/http/retry';
import { toError } from '../../../nodes/util/to-error';
import { readSettings, flag, choice, number, text, InvalidSetting } from '../../../nodes/runtime/settings';
import { property, type AnyProperty } from '../property';
import { anyRecipe, build } from '../values/hostile';
import { longText, oddText, written } from '../values/texts';
import { soundToken } from '../values/tokens';

const key = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 8,
  maxLength: 60,
});

export const secretsAndHeaders: AnyProperty[] = [
  property({
    name: 'a quote is one short line without a claim token in it',
    weight: 30,
    limitMs: 50,
    arbitrary: fc.tuple(oddText, soundToken, fc.array(oddText)).map(([before, { claimToken }, more]) => ({
      claimToken,
      foreign: before + claimToken + more.join(claimToken),
    })),
    check: ({ claimToken, foreign }) => {
      const said = sanitize(foreign);
      assert.ok(said.length <= 161);
      // eslint-disable-next-line no-control-regex -- what must not be there
      assert.doesNotMatch(said, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      for (let at = 0; at + 20 <= claimToken.length; at++) assert.ok(!said.includes(claimToken.slice(at, at + 20)));
      assert.ok(rootCauseText(new Error('x', { cause: new Error(foreign) })).length <= 200);
    },
  }),
  property({
    name: 'a reply never carries the key, as it is or in JSON, also if it was cut',
    weight: 20,
    limitMs: 50,
    arbitrary: fc.record({ key, before: oddText, after: oddText, cut: fc.nat(80), json: fc.boolean() }),
    check: ({ key: secret, before, after, cut, json }) => {
      const whole = `${before}${secret}${after}`;
      const text = json ? JSON.stringify({ message: whole, list: [secret] }) : whole;
      const redactor = new Redactor(secret);
      assert.ok(!redactor.text(whole).includes(secret));
      const body = parseBody({ text }, redactor);
      assert.ok(!everyText(body).some((one) => one.includes(secret)), 'the key is in the parsed body');
      const end = Math.max(0, text.length - cut);
      const shortened = redactor.text(text.slice(0, end), true);
      const telling = Math.max(4, Math.ceil(secret.length / 2));
      assert.ok(!shortened.endsWith(secret.slice(0, telling)) || secret.slice(0, telling) === '…');
    },
  }),
  property({
    name: 'Retry-After is a time that can be counted, or none',
    weight: 30,
    limitMs: 20,
    arbitrary: fc.oneof(
      oddText,
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.string({ unit: fc.constantFrom('0', '1', '9'), maxLength: 400 }),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      fc.array(oddText, { maxLength: 2 }),
    ),
    check: (header) => {
      const ms = parseRetryAfter({ 'retry-after': header });
      assert.ok(ms === undefined || (Number.isFinite(ms) && ms >= 0), `${ms}`);
    },
  }),
  property({
    name: 'long headers take no time as Retry-After',
    weight: 0.1,
    limitMs: 20,
    arbitrary: longText(16_000),
    check: (header) => void parseRetryAfter({ 'retry-after': written(header) }),
  }),
  property({
    name: 'back-off stays within its bounds',
    weight: 1,
    limitMs: 20,
    arbitrary: fc.tuple(
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    ),
    check: ([attempt, random]) => {
      const ms = backoffMs(attempt, () => random);
      assert.ok(ms >= 0 && ms < MAX_RETRY_AFTER_MS);
    },
  }),
  property({
    name: 'a base URL leads to one origin over https or to this computer, or is refused',
    weight: 20,
    limitMs: 50,
    arbitrary: fc.oneof(
      oddText,
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc
        .tuple(
          fc.constantFrom('http://', 'https://', 'HTTPS:\\\\', 'ftp://', 'http:'),
          fc.constantFrom(
            'localhost',
            '127.0.0.1',
            '[::1]',
            'a.localhost',
            'localhost.evil.example',
            '127.1',
            '0x7f.1',
            'x@y',
            'localhost:99999',
            '10.0.0.1',
          ),
          oddText,
        )
        .map((all) => all.join('')),
    ),
    check: (address) => {
      try {
        const { origin, prefix } = parseBaseUrl(address);
        const url = new URL(origin);
        assert.ok(url.protocol === 'https:' || /^(127\.[\d.]+|\[::1\]|(.+\.)?localhost)$/.test(url.hostname), origin);
        assert.match(prefix, /^(\/[^?#\s]*[^?#\s/])?$/);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    },
  }),
  property({
    name: 'long addresses take no time as a base URL',
    weight: 0.05,
    limitMs: 200,
    arbitrary: longText(100_000),
    check: (address) => {
      try {
        parseBaseUrl(`https://service.example/${written(address)}`);
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    },
  }),
  property({
    name: 'settings of any kind are in bounds or are refused with their name',
    weight: 10,
    limitMs: 50,
    arbitrary: fc.oneof(
      oddText,
      fc.double(),
      fc.jsonValue(),
      fc.constantFrom('Infinity', '1e400', '-0', ' ', '0x10', '${X}'),
    ),
    check: (value) => {
      const table = {
        count: number(5, { min: 1, max: 9, whole: true }),
        tick: flag(true),
        word: choice('a', 'b'),
        name: text('x'),
      };
      for (const name of Object.keys(table)) {
        try {
          const read = readSettings(table, { [name]: value });
          assert.ok(Number.isInteger(read.count) && read.count >= 1 && read.count <= 9);
          assert.ok(typeof read.tick === 'boolean' && ['a', 'b'].includes(read.word) && read.name.trim() !== '');
        } catch (error) {
          assert.ok(error instanceof InvalidSetting && error.property === name, String(error));
        }
      }
    },
  }),
  property({
    name: 'long texts take no time in a quote',
    weight: 0.05,
    limitMs: 50,
    arbitrary: longText(300_000),
    check: (foreign) => void sanitize(written(foreign)),
  }),
  property({
    name: 'whatever is thrown has words',
    weight: 4,
    limitMs: 100,
    arbitrary: anyRecipe,
    check: (recipe) => {
      const error = toError(build(recipe));
      assert.ok(typeof error.message === 'string' && typeof error.name === 'string');
      assert.equal(typeof rootCauseText(error), 'string');
    },
  }),
];

/** Every text in a JSON value, names of fields included. */
function everyText(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return [...Object.keys(value), ...Object.values(value).flatMap(everyText)];
}
