import assert from 'node:assert/strict';
import { Redactor } from '../../../nodes/http/redact';

describe('Concealer', () => {
  const key = 'secret-key-0123456789';
  const concealer = new Redactor(key);

  it('takes the key out of headers and body', () => {
    const reply = concealer.conceal({
      statusCode: 400,
      headers: { 'x-request-id': `a ${key}` },
      text: `${key} and ${key}`,
    });
    assert.deepEqual(reply, { statusCode: 400, headers: { 'x-request-id': 'a …' }, text: '… and …' });
  });

  it('takes out the beginning of the key at the end of a body that was cut, and nothing else', () => {
    const cut = (text: string): string =>
      concealer.conceal({ statusCode: 400, headers: {}, text, truncated: 'size' }).text;
    assert.equal(cut('echo secret-key-01'), 'echo …');
    assert.equal(cut('echo secret'), 'echo …');
    assert.equal(cut('a seat'), 'a seat');
  });

  it('leaves a whole body as it is, and what is shorter than four characters of the key', () => {
    const text = (words: string, cut: object): string =>
      concealer.conceal({ statusCode: 400, headers: {}, text: words, ...cut }).text;
    assert.equal(text('echo secret', {}), 'echo secret');
    assert.equal(text('secr', { cut: 'time' }), '…');
    assert.equal(text('sec', { cut: 'time' }), 'sec');
    assert.equal(text(key.slice(0, -1), { cut: 'time' }), '…');
    assert.equal(text(key, {}), '…');
  });

  it('knows the key as JSON writes it', () => {
    const text = JSON.stringify({ said: 'a"key\\with' });
    const concealed = new Redactor('a"key\\with').conceal({ statusCode: 400, headers: {}, text });
    assert.equal(concealed.text, '{"said":"…"}');
  });
});
