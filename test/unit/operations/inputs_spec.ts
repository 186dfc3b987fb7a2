import { InvalidValue } from '../../../nodes/util/invalid-value';
import assert from 'node:assert/strict';
import { parseDeviceId, parseTagId } from '../../../nodes/parse/ids';
import { acknowledgement, chooseOperation, isOperation } from '../../../nodes/operations/operation-table';
import { parseQuery } from '../../../nodes/parse/query';
import { parseTagName } from '../../../nodes/parse/tag-name';
import { MAX_TAG_LENGTH, parseTags } from '../../../nodes/parse/tags';
import { NrfCloudError } from '../../../nodes/api/errors';

const TOKEN =
  '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWTE';
const DEVICE = '4961c873-408c-45ce-b1ba-7c0d99d88179';

/** Expects the whole sentence of an error about input. */
const refuses = (work: () => unknown, message: string): void => {
  assert.throws(work, (error: Error) => {
    assert.ok(error instanceof NrfCloudError);
    assert.equal(error.message, message);
    assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
    return true;
  });
};

describe('the device that is meant', () => {
  for (const [name, input, id] of [
    ['text', ` ${DEVICE}\n`, DEVICE],
    ['bytes', Buffer.from('nrf-1'), 'nrf-1'],
    ['an object with an id', { id: 'a', deviceId: 'b' }, 'a'],
    ['an object with a deviceId', { deviceId: 'b' }, 'b'],
    ['a claim token', TOKEN, DEVICE],
    ['a claim token in an object', { id: `%ATTESTTOKEN: "${TOKEN}"` }, DEVICE],
    ['an id of 100 characters', 'x'.repeat(100), 'x'.repeat(100)],
  ] as const) {
    it(`is read from ${name}`, () => assert.equal(parseDeviceId(input), id));
  }

  for (const [input, sentence] of [
    [undefined, 'msg.payload is missing; give a device id as text'],
    [null, 'msg.payload is missing; give a device id as text'],
    [7, 'msg.payload is a number; give a device id as text'],
    [['x'], 'msg.payload is an array; give a device id as text'],
    [{}, 'id of msg.payload is missing; give a device id as text'],
    [{ id: null }, 'id of msg.payload is missing; give a device id as text'],
    [{ deviceId: 7 }, 'deviceId of msg.payload is a number; give a device id as text'],
    ['2dn3', 'msg.payload is a cut claim token: it ends before the dot; copy the whole text'],
    [
      { id: 'x'.repeat(101) },
      'id of msg.payload is not a claim token: it has no dot between two parts; give the answer to AT%ATTESTTOKEN',
    ],
  ] as const) {
    it(`is not to be read from ${JSON.stringify([input]).slice(0, 30)}`, () => {
      refuses(() => parseDeviceId(input), `get device: ${sentence}`);
    });
  }
});

describe('the tag that is meant', () => {
  it('is read from text, or from the id of an object', () => {
    assert.equal(parseTagId(' t-1 '), 't-1');
    assert.equal(parseTagId({ id: 't-2', deviceId: 'x' }), 't-2');
  });

  it('is not to be read from anything else', () => {
    refuses(() => parseTagId({ deviceId: 'x' }), 'get tag: id of msg.payload is missing; give a tag id as text');
    refuses(() => parseTagId(Buffer.from('x')), 'get tag: msg.payload is a Buffer; give a tag id as text');
  });
});

describe('the operation that is meant', () => {
  const TABLE = { get: 'get device', block: 'block device' } as const;

  it('is the one of the dialog, or the one of the message if the dialog says so', () => {
    assert.equal(chooseOperation(TABLE, 'get', 'block', 'get device'), 'get');
    assert.equal(chooseOperation(TABLE, 'msg', ' block ', 'get device'), 'block');
    assert.equal(isOperation(TABLE, 'get'), true);
    for (const other of ['toString', 'unblock', 7, undefined]) assert.equal(isOperation(TABLE, other), false);
    assert.deepEqual(acknowledgement('x', 'block'), { id: 'x', operation: 'block' });
  });

  for (const [asked, what] of [
    [undefined, 'is missing'],
    [7, 'is not text'],
    [null, 'is not text'],
    ['drop', 'is "drop"'],
    ['toString', 'is "toString"'],
  ] as const) {
    it(`is none when it ${what}`, () => {
      refuses(
        () => chooseOperation(TABLE, 'msg', asked, 'get device'),
        `get device: msg.operation ${what}; set it to one of get, block`,
      );
    });
  }
});

describe('query parameters', () => {
  for (const [query, text] of [
    [undefined, ''],
    [null, ''],
    ['', ''],
    [' ?a=b&c=d ', 'a=b&c=d'],
    [{ a: 'b', c: 1, d: true, e: null, f: undefined, g: ['x', 2, null] }, 'a=b&c=1&d=true&g=x&g=2'],
    [Object.create(null), ''],
  ] as const) {
    it(`are read from ${JSON.stringify(query)}`, () => assert.equal(parseQuery(query).toString(), text));
  }

  const give = 'give query parameters as text a=b&c=d or as an object';
  const plain = 'give text, a number, true or false';
  for (const [query, sentence] of [
    [7, `is a number; ${give}`],
    [['a'], `is an array; ${give}`],
    [new Date(0), `is an object of another kind; ${give}`],
    [new Map(), `is an object of another kind; ${give}`],
    [{ a: {} }, `has an object as "a"; ${plain}`],
    [{ a: [['x']] }, `has an array as "a"; ${plain}`],
    [{ a: NaN }, `has a number as "a"; ${plain}`],
    [{ a: 1n }, `has bigint as "a"; ${plain}`],
  ] as const) {
    it(`are refused: ${sentence.slice(0, 40)}`, () => {
      assert.throws(
        () => parseQuery(query),
        (error: Error) => error instanceof RangeError && error.message === sentence,
      );
    });
  }
});

describe('tags', () => {
  for (const [sources, tags] of [
    [[], []],
    [[undefined, null, ''], []],
    [[' a , b,,a '], ['a', 'b']],
    [
      ['a', ['b,c', ' d ', '', null, undefined, 7, true, 'a']],
      ['a', 'b,c', 'd', '7', 'true'],
    ],
    [['x'.repeat(MAX_TAG_LENGTH)], ['x'.repeat(MAX_TAG_LENGTH)]],
    [['😀'.repeat(MAX_TAG_LENGTH)], ['😀'.repeat(MAX_TAG_LENGTH)]],
  ] as const) {
    it(`are read from ${JSON.stringify(sources).slice(0, 60)}`, () => assert.deepEqual(parseTags(...sources), tags));
  }

  for (const [source, sentence] of [
    [7, 'the tags are a number; give comma-separated text or an array of texts'],
    [{}, 'the tags are an object; give comma-separated text or an array of texts'],
    [[{}], 'a tag is an object; give each tag as text'],
    [[['x']], 'a tag is an array; give each tag as text'],
    ['x'.repeat(101), 'a tag has 101 characters; 100 are allowed'],
    ['😀'.repeat(101), 'a tag has 101 characters; 100 are allowed'],
    ['x'.repeat(1001), 'a tag has 1001 characters; 100 are allowed'],
    ['\ud83d', 'a tag holds half of a surrogate pair, which no text can carry; give it as whole characters'],
  ] as const) {
    it(`are refused: ${sentence.slice(0, 40)} (${JSON.stringify(source).slice(0, 10)})`, () => {
      assert.throws(
        () => parseTags(source),
        (error: Error) => error instanceof InvalidValue && error.message === sentence,
      );
    });
  }

  it('are told by name one by one', () => {
    assert.equal(parseTagName(' a, b '), 'a, b');
    refuses(() => parseTagName(' '), 'create tag: msg.tag holds no tag; give the name of a tag');
    refuses(
      () => parseTagName('x'.repeat(101)),
      'create tag: msg.tag cannot be used: a tag has 101 characters; 100 are allowed',
    );
    refuses(() => parseTagName({}), 'create tag: msg.tag cannot be used: a tag is an object; give each tag as text');
  });
});
