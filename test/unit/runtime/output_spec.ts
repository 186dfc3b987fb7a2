import assert from 'node:assert/strict';
import { util } from '@node-red/util';
import type { NodeAPI, NodeMessage } from 'node-red';
import { ResultSender, Output } from '../../../nodes/runtime/output';
import { NrfCloudError } from '../../../nodes/api/errors';

/** The part of Node-RED that is used, which is its real one. */
const RED = { util } as unknown as NodeAPI;
type Message = NodeMessage & Record<string, any>;
const message = (more: object): Message => ({ _msgid: 'm', ...more }) as Message;

describe('where results are written', () => {
  const problem = (name: string, msg: object): string | undefined => {
    try {
      new Output(RED, name, []).check(message(msg), 'claim');
      return undefined;
    } catch (error) {
      assert.ok(error instanceof NrfCloudError);
      assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
      const [, why] = /^claim: the result cannot be written to msg\.\S+: (.*); change the node's output$/.exec(
        error.message,
      )!;
      return why;
    }
  };

  for (const [name, msg, why] of [
    ['payload', {}, undefined],
    ['a.b.c', {}, undefined],
    ['a.b.c', { a: { b: {} } }, undefined],
    ['a[0].b', { a: [{}] }, undefined],
    ['a.b', { a: () => undefined }, undefined],
    ['a..b', {}, 'it is not a property'],
    ['a.b', { a: 7 }, 'its parent is not an object'],
    ['a.b', { a: null }, 'its parent is not an object'],
    ['a.b.c', { a: { b: 'x' } }, 'its parent is not an object'],
    ['a.b', { a: Object.freeze({}) }, 'its parent is frozen'],
    ['__proto__.b', {}, 'it is reserved'],
    ['constructor.b', {}, 'it is reserved'],
    ['a.prototype.b', { a: {} }, 'it is reserved'],
    ['__proto__', {}, 'it is reserved'],
    ['a.__proto__', { a: {} }, 'it is reserved'],
    ['a.b.__proto__', {}, 'it is reserved'],
    ['a.__proto__.b', {}, 'it is reserved'],
    ['constructor', {}, undefined],
    ['a.prototype', { a: {} }, undefined],
  ] as const) {
    it(`${name} of ${JSON.stringify(msg)}: ${why ?? 'can be written'}`, () => assert.equal(problem(name, msg), why));
  }

  it('a frozen message is refused', () => {
    assert.throws(
      () => new Output(RED, 'payload', []).check(Object.freeze(message({})), 'claim'),
      /the result cannot be written to msg\.payload: the message is frozen; /,
    );
  });

  it('a parent that cannot be read is refused', () => {
    const msg = Object.defineProperty({}, 'a', { get: () => assert.fail('no') });
    assert.throws(
      () => new Output(RED, 'a.b', []).check(msg, 'claim'),
      /the result cannot be written to msg\.a\.b: its parent cannot be read; /,
    );
  });

  it('a read-only property is refused, at the top level and within another one', () => {
    const readOnly = (): object => Object.defineProperty({}, 'b', { get: () => 1, enumerable: true });
    const constant = (): object => Object.defineProperty({}, 'b', { value: 1 });
    for (const make of [readOnly, constant]) {
      const check = (msg: object, name: string): void => new Output(RED, name, []).check(msg as never, 'claim');
      assert.throws(() => check(make(), 'b'), /the result cannot be written to msg\.b: it is read-only; /);
      assert.throws(() => check({ a: make() }, 'a.b'), /it is read-only; /);
      assert.doesNotThrow(() => check(make(), 'payload'));
    }
    const withSetter = Object.defineProperty({}, 'b', { get: () => 1, set: () => undefined });
    assert.doesNotThrow(() => new Output(RED, 'b', []).check(withSetter, 'claim'));
  });

  it('the property is set, its parents are created, and undefined deletes it', () => {
    const msg = message({});
    new Output(RED, 'payload', []).write(msg, 1);
    new Output(RED, 'a.b', []).write(msg, 2);
    assert.deepEqual(msg, { _msgid: 'm', payload: 1, a: { b: 2 } });
    new Output(RED, 'payload', []).write(msg, undefined);
    assert.ok(!('payload' in msg));
  });
});

describe('what a node sends', () => {
  it('a result is sent although another property is read-only', () => {
    const sent: unknown[] = [];
    const msg = Object.defineProperty(message({}), 'statusCode', { get: () => 5, enumerable: true });
    new ResultSender(new Output(RED, 'payload', []), msg, (out) => sent.push(out)).sendOn({
      payload: 1,
      statusCode: 201,
    });
    assert.deepEqual(sent, [{ _msgid: 'm', statusCode: 5, payload: 1 }]);
  });

  const stage = (
    msg: object,
    output = 'payload',
    read: string[] = ['payload'],
  ): { delivery: ResultSender; msg: Message; sent: any[] } => {
    const sent: any[] = [];
    const whole = message(msg);
    return {
      delivery: new ResultSender(new Output(RED, output, read), whole, (out) => sent.push(out)),
      msg: whole,
      sent,
    };
  };

  it('the last result is written into the message itself', () => {
    const { delivery, msg, sent } = stage({ payload: 'token', topic: 't', stale: 1 });
    delivery.sendOn({ payload: { id: 1 }, statusCode: 201, properties: { stale: undefined, fresh: 2 } });
    assert.equal(sent[0], msg);
    assert.deepEqual(msg, { _msgid: 'm', payload: { id: 1 }, topic: 't', statusCode: 201, fresh: 2 });
  });

  it('a result leaves by its output', () => {
    const { delivery, sent } = stage({});
    delivery.sendOn({ payload: 1, port: 2 });
    assert.deepEqual(sent[0].slice(0, 2), [null, null]);
    assert.equal(sent[0][2].payload, 1);
  });

  it('an earlier result is a copy, which shares only the inputs of the node', () => {
    const rows = [{ a: 1 }];
    const { delivery, msg, sent } = stage({ payload: 'x', rows, deep: { list: [1] }, topic: 't' }, 'payload', ['rows']);
    void delivery.emit({ payload: 'one' });
    const [copy] = sent;
    assert.deepEqual(copy, { _msgid: 'm', payload: 'one', rows, deep: { list: [1] }, topic: 't' });
    assert.equal(copy.rows, rows);
    assert.notEqual(copy.deep, msg['deep']);
    assert.notEqual(copy.deep.list, msg['deep'].list);
    assert.equal(msg.payload, 'x');
  });

  it('the object that the result is written into is not shared, even if it is an input', () => {
    const { delivery, msg, sent } = stage({ payload: { token: 'x' } }, 'payload.result', ['payload.token']);
    void delivery.emit({ payload: 1 });
    assert.deepEqual(sent[0].payload, { token: 'x', result: 1 });
    assert.deepEqual(msg.payload, { token: 'x' });
  });

  it('a result has parts, and keeps the parts of the message inside them', () => {
    const { delivery, sent } = stage({ parts: { id: 'outer', index: 3 } });
    void delivery.emit({ payload: 1, part: { index: 0 } });
    void delivery.emit({ payload: 2, part: { index: 1, count: 2 } });
    const [{ parts: first }, { parts: second }] = sent;
    assert.equal(typeof first.id, 'string');
    assert.deepEqual(first, { id: second.id, index: 0, parts: { id: 'outer', index: 3 } });
    assert.deepEqual(second, { id: second.id, index: 1, count: 2, parts: { id: 'outer', index: 3 } });
    const alone = stage({});
    void alone.delivery.emit({ payload: 1, part: { index: 0 } });
    assert.deepEqual(Object.keys(alone.sent[0].parts), ['id', 'index']);
    assert.notEqual(alone.sent[0].parts.id, first.id);
  });

  it('a property that cannot be read is left out of the copy', () => {
    const { delivery, msg, sent } = stage({ fine: { a: 1 }, payload: 'x' });
    Object.defineProperty(msg, 'bad', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    void delivery.emit({ payload: 1 });
    assert.deepEqual(sent[0], { _msgid: 'm', fine: { a: 1 }, payload: 1 });
    assert.notEqual(sent[0].fine, msg['fine']);
  });

  it('a copy property by property shares the inputs of the node, and does not read what the result replaces', () => {
    const rows = [{ a: 1 }];
    const { delivery, msg, sent } = stage({ rows }, 'payload', ['rows']);
    let reads = 0;
    Object.defineProperty(msg, 'payload', { enumerable: true, get: () => ++reads, set: () => undefined });
    Object.defineProperty(msg, 'bad', { enumerable: true, get: () => assert.fail('no') });
    void delivery.emit({ payload: 1 });
    assert.deepEqual(sent[0], { _msgid: 'm', rows, payload: 1 });
    assert.equal(sent[0].rows, rows);
    assert.equal(reads, 0);
  });

  it('two properties that are the same object are the same object in a copy', () => {
    const one = { a: 1 };
    const { delivery, sent } = stage({ one, same: one });
    void delivery.emit({ payload: 1 });
    assert.notEqual(sent[0].one, one);
    assert.equal(sent[0].same, sent[0].one);
  });

  it('sending pauses after every 64 copies', async () => {
    const { delivery } = stage({});
    const waits = Array.from({ length: 128 }, () => delivery.emit({ payload: 1 }));
    const places = waits.flatMap((wait, index) => (wait === undefined ? [] : [index]));
    assert.deepEqual(places, [63, 127]);
    for (const wait of waits) await wait;
  });
});
