import assert from 'node:assert/strict';
import { Redactor } from '../../../nodes/http/redact';

describe('Redactor', () => {
  const key = 'secret-key-0123456789';
  let redactor: Redactor;
  beforeEach(() => (redactor = new Redactor(key)));
  const escaped = Array.from(key, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join(
    '',
  );

  it('takes the key out of text, wherever it is', () => {
    assert.equal(redactor.text(`${key} and ${key}`), '… and …');
    assert.equal(redactor.text('secret-key'), 'secret-key');
  });

  it('takes the beginning of the key out of the end of truncated text, if it has four characters', () => {
    for (const [text, expected] of [
      ['echo secret-key-01', 'echo …'],
      ['secr', '…'],
      ['sec', 'sec'],
      ['a seat', 'a seat'],
      [key.slice(0, -1), '…'],
    ] as const) {
      assert.equal(redactor.text(text, true), expected);
      assert.equal(redactor.text(text), text);
    }
  });

  for (const [form, text] of [
    ['escaped by its numbers', escaped],
    ['escaped in capitals', escaped.replace(/u[0-9a-f]+/g, (code) => `u${code.slice(1).toUpperCase()}`)],
    ['escaped in part', `${escaped.slice(0, 6)}${key.slice(1)}`],
    ['escaped in JSON within JSON', JSON.stringify(escaped).slice(1, -1)],
  ] as const) {
    it(`takes the key out of text that is not JSON: ${form}`, () => {
      assert.equal(redactor.text(`{"broken": "${text}`), '{"broken": "…');
    });
  }

  it('takes the key out of all strings and names of a parsed body', () => {
    const text = `{"message":"no ${escaped}","errors":[{"detail":["${escaped}"]}],"${escaped}":1,"n":5,"__proto__":"${escaped}"}`;
    const body = redactor.json(JSON.parse(text), text);
    assert.equal(JSON.stringify(body).includes(key), false);
    assert.deepEqual(Object.entries(body as object), [
      ['message', 'no …'],
      ['errors', [{ detail: ['…'] }]],
      ['n', 5],
      ['__proto__', '…'],
      ['…', 1],
    ]);
  });

  it('redact: leaves numbers, true, false and null as they are, and lists and objects the same ones', () => {
    const inner = { a: 1, b: null, c: true };
    const list = [inner, 2, null, `x${key}`];
    const body = { list, key: `${key}!` };
    assert.equal(redactor.json(body, key), body);
    assert.deepEqual(body, { list: [{ a: 1, b: null, c: true }, 2, null, 'x…'], key: '…!' });
    assert.equal(body.list, list);
    assert.ok(Array.isArray(body.list));
    assert.equal(body.list[0], inner);
    assert.equal(redactor.json(null, key), null);
    assert.equal(redactor.json(`a ${key}`, key), 'a …');
  });

  it('redact: properties whose names or values held the key can be written, found and removed', () => {
    const body = redactor.json({ [key]: 1, other: key }, key) as Record<string, unknown>;
    for (const name of ['…', 'other']) {
      const { configurable, enumerable, writable } = Object.getOwnPropertyDescriptor(body, name)!;
      assert.deepEqual([configurable, enumerable, writable], [true, true, true]);
    }
  });

  it('redact: properties without the key stay in their order', () => {
    const body = redactor.json({ b: 1, [key]: 2, a: [3] }, key);
    assert.deepEqual(Object.keys(body as object), ['b', 'a', '…']);
  });

  it('redact: finds a key with letters that only their numbers escape, in small and in capital letters', () => {
    for (const text of ['\\u00e4\\u00f6', '\\u00E4\\u00F6', '\\u00e4ö'])
      assert.equal(new Redactor('äö').text(text), '…');
  });

  it('finds a key whose characters JSON escapes', () => {
    const other = 'a"key\\with/slash';
    const text = JSON.stringify({ said: other }).replace('/', '\\/');
    assert.deepEqual(new Redactor(other).json(JSON.parse(text), text), { said: '…' });
    assert.equal(new Redactor(other).text(text.slice(0, -1)), '{"said":"…"');
  });

  it('gives a body without the key back as it is', () => {
    const body = { a: ['b'] };
    assert.equal(redactor.json(body, '{"a":["b"]}'), body);
  });

  it('redacts a megabyte of backslashes in linear time', () => {
    const text = '\\'.repeat(2 ** 20);
    const startedAt = performance.now();
    redactor.text(text);
    assert.ok(performance.now() - startedAt < 1000);
  });
});
