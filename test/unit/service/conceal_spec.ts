import assert from 'node:assert/strict';
import { withoutKey } from '../../../nodes/service/conceal';

describe('withoutKey', () => {
  const key = 'secret-key-0123456789';

  it('takes the key out of headers and body', () => {
    const reply = withoutKey(
      { statusCode: 400, headers: { 'x-request-id': `a ${key}` }, text: `${key} and ${key}` },
      key,
    );
    assert.deepEqual(reply, { statusCode: 400, headers: { 'x-request-id': 'a …' }, text: '… and …' });
  });

  it('takes out the beginning of the key at the end of a body that was cut, and nothing else', () => {
    const cut = (text: string): string => withoutKey({ statusCode: 400, headers: {}, text, cut: 'size' }, key).text;
    assert.equal(cut('echo secret-key-01'), 'echo …');
    assert.equal(cut('echo secret'), 'echo …');
    assert.equal(cut('a seat'), 'a seat');
  });
});
