import assert from 'node:assert/strict';
import { util } from '@node-red/util';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import {
  describeSource,
  evaluateInputs,
  fromMessage,
  isStable,
  propertyOf,
  secretProperties,
  sourcesOf,
  typed,
} from '../../../nodes/runtime/inputs';
import type { NrfCloudError } from '../../../nodes/api/errors';
import { assertSentence } from '../../support/sentences';

/** The part of Node-RED that is used, which is its real one. */
const RED = { util } as unknown as NodeAPI;
const NODE = { id: 'node' } as unknown as Node;
const SPECS = { token: typed('payload', 'msg'), file: fromMessage('filename') };

describe('where an input comes from', () => {
  it('comes from the dialog, else from the default, or is a fixed property of the message', () => {
    assert.deepEqual(sourcesOf(SPECS, {}), {
      token: { value: 'payload', type: 'msg' },
      file: { value: 'filename', type: 'msg' },
    });
    const config = { token: 7, tokenType: 'str', file: 'other', fileType: 'str' };
    assert.deepEqual(sourcesOf(SPECS, config), {
      token: { value: '7', type: 'str' },
      file: { value: 'filename', type: 'msg' },
    });
    assert.deepEqual(sourcesOf(SPECS, { token: {}, tokenType: '' }).token, { value: 'payload', type: 'msg' });
    assert.deepEqual(sourcesOf(SPECS, { token: null, tokenType: 'str' }).token, { value: 'payload', type: 'str' });
  });

  for (const [type, words, lasting] of [
    ['msg', 'msg.x', true],
    ['flow', 'flow.x', false],
    ['global', 'global.x', false],
    ['env', 'the environment variable x', false],
    ['jsonata', "the node's JSONata expression", false],
    ['str', "the text in the node's dialog", true],
    ['json', "the text in the node's dialog", true],
  ] as const) {
    it(`is described in words: ${type}`, () => {
      assert.equal(describeSource({ value: 'x', type }), words);
      assert.equal(isStable({ value: 'x', type }), lasting);
    });
  }
});

describe('the message properties of an input', () => {
  for (const [value, property] of [
    ['payload', 'payload'],
    ['msg.payload', 'payload'],
    ['payload.request.preSharedKey', 'payload'],
    ['payload[0]', 'payload'],
    ['provisioningRequest1', 'provisioningRequest1'],
    ['"a.b".c', 'a.b'],
    ["'a b'", 'a b'],
  ] as const) {
    it(`an input: the value of msg.${value} is in ${property}`, () => {
      assert.equal(propertyOf({ value, type: 'msg' }), property);
      assert.deepEqual(secretProperties({ value, type: 'msg' }, {}), [property]);
    });
  }

  it('an input: a value from elsewhere is in no property', () => {
    for (const type of ['flow', 'global', 'env', 'str', 'json']) {
      assert.equal(propertyOf({ value: 'payload', type }), undefined);
      assert.deepEqual(secretProperties({ value: 'payload', type }, { payload: 1 }), []);
    }
    assert.equal(propertyOf({ value: 'payload', type: 'jsonata' }), undefined);
  });

  const msg = { _msgid: 'm', topic: 't', 'a key': 1, payload: 2 } as unknown as NodeMessage;
  for (const [value, properties] of [
    ['{"psk": payload}', ['payload']],
    ['$.payload', ['payload']],
    ['$$.payload & $.topic', ['topic', 'payload']],
    ['$trim(msg.payload)', ['payload']],
    ['`a key`', ['a key']],
    ['$now() & payload', ['payload']],
    ['payload * 2 + (topic)%3', ['topic', 'payload']],
    ['topical & payloads', []],
    ['payload[$ and *]', ['topic', 'a key', 'payload']],
    ['(payload; **.b)', ['topic', 'a key', 'payload']],
    ['$."\\u0070ayload"', ['topic', 'a key', 'payload']],
    ['$', ['topic', 'a key', 'payload']],
    ['$$', ['topic', 'a key', 'payload']],
    ['$string($)', ['topic', 'a key', 'payload']],
    ['$ ~> $string', ['topic', 'a key', 'payload']],
    ['*[1]', ['topic', 'a key', 'payload']],
    ['$.*', ['topic', 'a key', 'payload']],
    ['$string()', ['topic', 'a key', 'payload']],
    ['$each(function($v) { $v })', ['topic', 'a key', 'payload']],
    ['$lookup("\\u0061 key")', ['topic', 'a key', 'payload']],
    ['$eval("pay" & "load")', ['topic', 'a key', 'payload']],
    ['"constant"', []],
  ] as const) {
    it(`an input: the JSONata ${value} may be made of ${properties.join() || 'no property'}`, () => {
      assert.deepEqual(secretProperties({ value, type: 'jsonata' }, msg), properties);
    });
  }
});

describe('evaluating inputs', () => {
  const evaluate = (config: object, msg: object) =>
    evaluateInputs(RED, NODE, sourcesOf(SPECS, { ...config }), msg as NodeMessage, 'claim');

  it('evaluating inputs: message properties and constants are evaluated synchronously', () => {
    assert.deepEqual(evaluate({}, { payload: 'p', filename: 'f' }), { token: 'p', file: 'f' });
    assert.deepEqual(evaluate({ token: 'text', tokenType: 'str' }, {}), { token: 'text', file: undefined });
  });

  it('evaluating inputs: a variable whose value is JSON keeps the value that Node-RED parsed, as a copy', () => {
    for (const token of [['a', 'b'], { a: 1 }]) {
      for (const tokenType of ['str', 'json']) {
        assert.deepEqual(evaluate({ token, tokenType }, { payload: 'p' }), { token, file: undefined });
      }
    }
    assert.deepEqual(evaluate({ token: true, tokenType: 'str' }, {}), { token: 'true', file: undefined });
    const list = ['a'];
    assert.notEqual((evaluate({ token: list, tokenType: 'str' }, {}) as { token: unknown }).token, list);
  });

  it('evaluating inputs: a variable that is an object or array is no part of a text', () => {
    for (const value of [{ a: 1 }, ['a']]) {
      const node = { id: 'node', _flow: { getSetting: () => value } } as unknown as Node;
      const sources = sourcesOf(SPECS, { token: 'station=${SITE}', tokenType: 'str' });
      assert.throws(
        () => evaluateInputs(RED, node, sources, {}, 'claim'),
        (error: NrfCloudError) => {
          assertSentence(error.message);
          return error.code === 'NRFCLOUD_INVALID_INPUT';
        },
      );
    }
  });

  it('evaluating inputs: variables are replaced in texts within JSON from the dialog, and nowhere else', async () => {
    process.env['INPUTS_SPEC'] = 'a"b';
    after(() => delete process.env['INPUTS_SPEC']);
    const json = '{ "tags": ["station=${INPUTS_SPEC}", 7, null], "${INPUTS_SPEC}": { "a": "${INPUTS_SPEC}" } }';
    const { token } = await evaluate({ token: json, tokenType: 'json' }, {});
    assert.deepEqual(token, { tags: ['station=a"b', 7, null], '${INPUTS_SPEC}': { a: 'a"b' } });
    await assert.rejects(
      async () => evaluate({ token: '["${NOT_SET_ANYWHERE}"]', tokenType: 'json' }, {}),
      (error: NrfCloudError) => error.code === 'NRFCLOUD_NOT_CONFIGURED' && error.message.includes('NOT_SET_ANYWHERE'),
    );
    assert.deepEqual(await evaluate({}, { payload: ['${NOT_SET_ANYWHERE}'] }), {
      token: ['${NOT_SET_ANYWHERE}'],
      file: undefined,
    });
  });

  it('evaluating inputs: an empty JSON field is empty text', async () => {
    for (const token of ['', ' \n']) {
      assert.deepEqual(await evaluate({ token, tokenType: 'json' }, {}), { token: '', file: undefined });
    }
  });

  it('evaluating inputs: a missing property is undefined, at any depth', () => {
    for (const msg of [{}, { a: null }, { a: {} }]) {
      assert.deepEqual(evaluate({ token: 'a.b.c' }, msg), { token: undefined, file: undefined });
    }
  });

  it('evaluating inputs: a JSONata expression makes the result a promise', async () => {
    const inputs = evaluate({ token: 'payload & "!"', tokenType: 'jsonata' }, { payload: 'p', filename: 'f' });
    assert.ok(inputs instanceof Promise);
    assert.deepEqual(await inputs, { token: 'p!', file: 'f' });
  });

  const failure = (error: NrfCloudError): string => {
    assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
    return error.message;
  };
  it('evaluating inputs: a property that throws is named in the error', () => {
    const thrower = (thrown: unknown): object => ({
      get payload(): unknown {
        throw thrown;
      },
    });
    const wrong = (thrown: unknown): string => {
      try {
        void evaluate({}, thrower(thrown));
      } catch (error) {
        return failure(error as NrfCloudError);
      }
      return assert.fail('it was evaluated');
    };
    const sentence = (why: string): string =>
      `claim: the token could not be read from msg.payload (${why}); correct the "token" field of the node`;
    assert.equal(wrong(new Error('not now')), sentence('not now'));
    assert.equal(wrong({ message: 'as an object' }), sentence('as an object'));
    assert.equal(wrong({ message: 5 }), sentence('[object Object]'));
    assert.equal(wrong('just words'), sentence('just words'));
    assert.equal(wrong(null), sentence('null'));
    assert.equal(wrong(new Error('x: Cannot read properties of null ')), sentence('x: Cannot read properties of null'));
  });

  it('evaluating inputs: an expression that cannot be evaluated is named in the error', async () => {
    const wrong = async (token: string, tokenType: string): Promise<string> =>
      Promise.resolve(evaluate({ token, tokenType }, {})).then(
        () => assert.fail('evaluated'),
        (error: unknown) => failure(error as NrfCloudError),
      );
    assert.match(
      await wrong('$error("no")', 'jsonata'),
      /from the node's JSONata expression \(no\); correct the "token"/,
    );
    assert.match(await wrong('{', 'json'), /from the text in the node's dialog \(.*JSON.*\); correct the "token"/);
  });
});
