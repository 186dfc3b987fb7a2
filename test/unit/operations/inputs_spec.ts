import assert from 'node:assert/strict';
import { NrfCloudError } from '../../../nodes/api/errors';
import { withSource } from '../../../nodes/api/with-source';
import { acknowledgement, chooseOperation, isOperation } from '../../../nodes/operations/operation-table';
import { parseClaimInput } from '../../../nodes/parse/claim-input';
import { cleanId, parseDeviceId, parseTagId } from '../../../nodes/parse/ids';
import { parseQuery } from '../../../nodes/parse/query';
import { parseTagName } from '../../../nodes/parse/tag-name';
import { MAX_TAG_LENGTH, parseTags } from '../../../nodes/parse/tags';
import { InvalidValue } from '../../../nodes/util/invalid-value';

const TOKEN =
  '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWTE';
const DEVICE = '4961c873-408c-45ce-b1ba-7c0d99d88179';
const IMEI = '352656106118683';

/** Expects a refusal whose predicate names a fact, and the field that holds the value. */
const refuses = (read: () => unknown, fact: RegExp, field?: string): void => {
  assert.throws(
    read,
    (error: Error) => error instanceof InvalidValue && fact.test(error.message) && error.field === field,
  );
};

describe('parseDeviceId', () => {
  for (const [name, input, id] of [
    ['text', ` ${DEVICE}\n`, DEVICE],
    ['text in capital letters', DEVICE.toUpperCase(), DEVICE],
    ['text in braces', `{${DEVICE.toUpperCase()}}`, DEVICE],
    ['text in quotes', `"${DEVICE}"`, DEVICE],
    ['text with invisible characters', `\ufeff${DEVICE}\u200b\0`, DEVICE],
    ['a URN', `urn:uuid:${DEVICE}`, DEVICE],
    ['bytes', Buffer.from('nrf-1'), 'nrf-1'],
    ['a typed array', new Uint8Array(Buffer.from(DEVICE)), DEVICE],
    ['an id that is not a UUID', 'nrf-352656106118683', 'nrf-352656106118683'],
    ['an id in capital letters', 'Device-A', 'Device-A'],
    ['an object with an id', { id: 'a', deviceId: 'b' }, 'a'],
    ['an object with a deviceId', { deviceId: 'b' }, 'b'],
    ['an object with a deviceId and no id', { id: null, deviceId: 'b' }, 'b'],
    ['a claim token', TOKEN, DEVICE],
    ['a claim token in an object', { id: `%ATTESTTOKEN: "${TOKEN}"` }, DEVICE],
    ['an id of 100 characters', 'x'.repeat(100), 'x'.repeat(100)],
  ] as const) {
    it(`reads ${name}`, () => assert.equal(parseDeviceId(input), id));
  }

  for (const [name, input, fact, field] of [
    ['nothing', undefined, /missing/, undefined],
    ['null', null, /missing/, undefined],
    ['a number', 7, /number/, undefined],
    ['an IMEI as a number', 352656106118683, /IMEI/, undefined],
    ['an IMEI', IMEI, /IMEI/, undefined],
    ['an IMEI in quotes', { deviceId: ` "${IMEI}"\n` }, /IMEI/, 'deviceId'],
    ['an array', ['x'], /array/, undefined],
    ['an empty object', {}, /missing/, 'id'],
    ['an object whose id is null', { id: null }, /missing/, 'id'],
    ['an object whose deviceId is a number', { deviceId: 7 }, /number/, 'deviceId'],
    ['empty text', '', /empty/, undefined],
    ['quotes', '""', /empty/, undefined],
    ['a dot', '.', /not an id/, undefined],
    ['two dots', { id: '..' }, /not an id/, 'id'],
    ['a truncated claim token', '2dn3', /truncated/, undefined],
    ['long text', { id: 'x'.repeat(101) }, /not a claim token/, 'id'],
  ] as const) {
    it(`refuses ${name}`, () => refuses(() => parseDeviceId(input), fact, field));
  }
});

describe('parseTagId', () => {
  it('reads text, or the id of an object', () => {
    assert.equal(parseTagId(' t-1 '), 't-1');
    assert.equal(parseTagId({ id: 't-2', deviceId: 'x' }), 't-2');
    assert.equal(parseTagId(`{${DEVICE.toUpperCase()}}`), DEVICE.toUpperCase());
    assert.equal(parseTagId(Buffer.from('t-3')), 't-3');
  });

  it('tag id: a number in an object is one, as the service may give its ids as numbers', () => {
    for (const id of [0, 5, Number.MAX_SAFE_INTEGER]) assert.equal(parseTagId({ id, tag: 'a' }), String(id));
    for (const id of [-1, 1.5, NaN, Infinity, 2 ** 53]) refuses(() => parseTagId({ id }), /number/, 'id');
    refuses(() => parseDeviceId({ id: 5 }), /number/, 'id');
  });

  it('refuses anything else', () => {
    refuses(() => parseTagId({ deviceId: 'x' }), /missing/, 'id');
    refuses(() => parseTagId(7), /number/);
    for (const id of ['', ' ', '.', '..']) refuses(() => parseTagId(id), /empty|not an id/);
    refuses(() => cleanId('..'), /not an id/);
  });
});

describe('chooseOperation', () => {
  const TABLE = { get: 'get device', block: 'block device' } as const;

  it('takes the operation of the dialog, or that of the message if the dialog says so', () => {
    assert.equal(chooseOperation(TABLE, 'get', 'block', 'get device'), 'get');
    assert.equal(chooseOperation(TABLE, 'msg', ' block ', 'get device'), 'block');
    assert.equal(isOperation(TABLE, 'get'), true);
    for (const other of ['toString', 'unblock', 7, undefined]) assert.equal(isOperation(TABLE, other), false);
    assert.deepEqual(acknowledgement('x', 'block'), { id: 'x', operation: 'block' });
  });

  for (const requested of [undefined, 7, null, 'drop', 'toString']) {
    it(`refuses ${String(requested)}, and names the operations`, () => {
      assert.throws(
        () => chooseOperation(TABLE, 'msg', requested, 'get device'),
        (error: Error) =>
          error instanceof NrfCloudError &&
          error.code === 'NRFCLOUD_INVALID_INPUT' &&
          error.message.includes('get, block'),
      );
    });
  }
});

describe('parseQuery', () => {
  for (const [query, text] of [
    [undefined, ''],
    [null, ''],
    ['', ''],
    [' ?a=b&c=d ', 'a=b&c=d'],
    [{ a: 'b', c: 1, d: true, e: null, f: undefined, g: ['x', 2, null] }, 'a=b&c=1&d=true&g=x&g=2'],
    [Object.create(null), ''],
  ] as const) {
    it(`reads ${JSON.stringify(query)}`, () => assert.equal(parseQuery(query).toString(), text));
  }

  for (const [name, query, fact] of [
    ['a number', 7, /number/],
    ['an array', ['a'], /array/],
    ['a Date', new Date(0), /object/],
    ['a Map', new Map(), /object/],
    ['an object in an object', { a: {} }, /an object as "a"/],
    ['an array in an array', { a: [['x']] }, /an array as "a"/],
    ['NaN', { a: NaN }, /number as "a"/],
    ['a BigInt', { a: 1n }, /bigint as "a"/],
  ] as const) {
    it(`refuses ${name}`, () => refuses(() => parseQuery(query), fact));
  }
});

describe('parseTags', () => {
  for (const [sources, tags] of [
    [[], []],
    [[undefined, null, ''], []],
    [[[]], []],
    [[' a , b,,a '], ['a', 'b']],
    [
      ['a', ['b,c', ' d ', '', null, undefined, 7, true, 'a']],
      ['a', 'b,c', 'd', '7', 'true'],
    ],
    [['x'.repeat(MAX_TAG_LENGTH)], ['x'.repeat(MAX_TAG_LENGTH)]],
    [['😀'.repeat(MAX_TAG_LENGTH)], ['😀'.repeat(MAX_TAG_LENGTH)]],
    [['\u201ca, b\u201d'], ['a', 'b']],
    [['\u201ea\u201c,\u2018b\u2019'], ['a', 'b']],
    [['say \u201chi\u201d'], ['say \u201chi\u201d']],
    [['the boys\u2019'], ['the boys\u2019']],
    [['["a", "b,c"]'], ['a', 'b,c']],
    [['[]'], []],
    [['[lab]'], ['[lab]']],
    [['\ufeffa\u200b,\u00adb'], ['a', 'b']],
    [['a,\r\n  b\t'], ['a', 'b']],
    [['e  f,ø \u00a0 g'], ['e  f', 'ø \u00a0 g']],
    [['👍🏽,1️⃣,™️'], ['👍🏽', '1️⃣', '™️']],
    [['👨‍👩‍👧,❤️,🏴󠁧󠁢󠁥󠁮󠁧󠁿'], ['👨‍👩‍👧', '❤️', '🏴󠁧󠁢󠁥󠁮󠁧󠁿']],
    [['location=Tromsø'], ['location=Tromsø']],
  ] as const) {
    it(`reads ${JSON.stringify(sources).slice(0, 60)}`, () => assert.deepEqual(parseTags(...sources), tags));
  }

  for (const [name, source, fact] of [
    ['a number', 7, /number/],
    ['an object', {}, /object/],
    ['an object in an array', [{}], /object/],
    ['an array in an array', [['x']], /array/],
    ['a tag of 101 characters', 'x'.repeat(101), /101 characters/],
    ['a tag of 101 emojis', '😀'.repeat(101), /101 characters/],
    ['a tag of 1001 characters', 'x'.repeat(1001), /1001 characters/],
    ['half a surrogate pair', '\ud83d', /surrogate/],
    ['a NUL', 'a\0b', /control or invisible/],
    ['a line break', 'a\nb', /control or invisible/],
    ['a line break in an array', ['a\r\n  b'], /control or invisible/],
    ['a tab', 'a\tb', /control or invisible/],
    ['a line separator', 'a\u2028b', /control or invisible/],
    ['an escape character', ['\u001b[31mred'], /control or invisible/],
    ['a zero-width space', 'a\u200bb', /control or invisible/],
    ['a word joiner', 'a\u2060b', /control or invisible/],
    ['a direction mark', 'a\u202eb', /control or invisible/],
    ['a soft hyphen', 'a\u00adb', /control or invisible/],
    ['a joiner between letters', 'a\u200db', /control or invisible/],
    ['a variation selector after a letter', 'a\ufe0fb', /control or invisible/],
    ['a variation selector after a digit', 'line 1\ufe0f', /control or invisible/],
    ['a variation selector alone', '\ufe0f', /control or invisible/],
    ['hidden tag characters', 'a\u{e0041}', /control or invisible/],
    ['a flag that does not end', '\u{1f3f4}\u{e0067}', /control or invisible/],
    ['a single curly quote', '\u201ca', /curly quote/],
    ['a replacement character', 'a\ufffd', /UTF-8/],
    ['JSON text that is damaged', '["a"', /JSON/],
    ['JSON text in an array', ['["a"]'], /JSON/],
    ['JSON text of an object', '{"a":1}', /JSON/],
  ] as const) {
    it(`refuses ${name}`, () => refuses(() => parseTags(source), fact));
  }

  it('reads a long run of spaces in linear time', () => {
    const startedAt = performance.now();
    refuses(() => parseTags(`ø${' '.repeat(60_000)}ø`), /60002 characters/);
    assert.ok(performance.now() - startedAt < 1000);
  });
});

describe('parseTagName', () => {
  it('reads one tag, whose comma is part of it', () => assert.equal(parseTagName(' a, b '), 'a, b'));

  for (const [name, value, fact] of [
    ['nothing', undefined, /no tag/],
    ['blanks', ' ', /no tag/],
    ['a long name', 'x'.repeat(101), /101 characters/],
    ['an object', {}, /object/],
    ['a number', 7, /number/],
    ['a boolean', true, /true or false/],
    ['an array', ['a'], /array/],
  ] as const) {
    it(`refuses ${name}`, () => refuses(() => parseTagName(value), fact));
  }
});

describe('parseClaimInput', () => {
  it('reads a token, and the tags of an object', () => {
    assert.deepEqual(parseClaimInput(TOKEN), { claimToken: TOKEN, deviceId: DEVICE, tags: [] });
    assert.deepEqual(parseClaimInput({ claimToken: Buffer.from(TOKEN), tags: 'a,b' }), {
      claimToken: TOKEN,
      deviceId: DEVICE,
      tags: ['a', 'b'],
    });
  });

  for (const [name, value, fact, field] of [
    ['an array', [TOKEN], /bulk claim node, or a split node/, undefined],
    ['an empty object', {}, /empty object/, undefined],
    ['an upload of bulk claim', { bulkOpsRequestId: '1', rows: 2 }, /bulk status/, undefined],
    ['a synchronous upload of bulk claim', { claimedIds: [], failed: [] }, /bulk status/, undefined],
    ['the summary of bulk claim', { rows: 1, failedUploads: 0 }, /summary/, undefined],
    ['{ token }', { token: TOKEN }, /the key token; use claimToken/, undefined],
    ['other keys', { serial: 1, code: TOKEN }, /the keys serial, code; use claimToken/, undefined],
    ['a row of a CSV', { imei: IMEI, uuid: DEVICE, token: TOKEN, time: '' }, /row of a CSV .*"token"/, undefined],
    ['{ claimToken, tag }', { claimToken: TOKEN, tag: 'x' }, /"tag"/, undefined],
    ['an object with a wrong token', { claimToken: DEVICE }, /UUID/, 'claimToken'],
    ['an object with wrong tags', { claimToken: TOKEN, tags: 7 }, /number/, 'tags'],
  ] as const) {
    it(`refuses ${name}`, () => refuses(() => parseClaimInput(value), fact, field));
  }

  it('quotes no token of an object, not even as a key', () => {
    refuses(() => parseClaimInput({ [TOKEN]: 1 }), /^(?!.*2dn3hQFQ)/);
  });
});

describe('withSource', () => {
  it('names the source and the field, and says of an expression that it gives nothing', () => {
    const message = (source: string, error: InvalidValue): string => {
      try {
        withSource('claim', source, () => {
          throw error;
        });
      } catch (thrown) {
        assert.equal((thrown as NrfCloudError).code, 'NRFCLOUD_INVALID_INPUT');
        return (thrown as Error).message;
      }
      return '';
    };
    assert.match(message('msg.payload', new InvalidValue('is missing; x')), /^claim: msg\.payload is missing; x$/);
    assert.match(message('msg.payload', new InvalidValue('is 1; x', 'id')), /^claim: id of msg\.payload is 1; x$/);
    assert.match(
      message("the node's JSONata expression", new InvalidValue('is missing; x')),
      /expression gives nothing; x$/,
    );
  });
});
