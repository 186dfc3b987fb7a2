import assert from 'node:assert/strict';
import { toUtf8 } from '../../../../nodes/parse/rows/utf8';

async function read(bytes: Buffer, size: number): Promise<{ text: string; encodings: string[] }> {
  const encodings: string[] = [];
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
  }
  const text: Buffer[] = [];
  for await (const piece of toUtf8(pieces(), (encoding) => encodings.push(encoding))) text.push(Buffer.from(piece));
  return { text: Buffer.concat(text).toString(), encodings };
}

describe('rows: encodings', () => {
  const text = 'token,tags\nTromsø,雪😁\n';
  const little = (content: string): Buffer => Buffer.from(content, 'utf16le');
  const big = (content: string): Buffer => little(content).swap16();
  for (const [what, bytes, encoding, expected] of [
    ['UTF-8', Buffer.from(text), 'utf8', text],
    ['two characters', Buffer.from('ab'), 'utf8', 'ab'],
    ['one character of UTF-16', little('a'), 'utf8', 'a\0'],
    ['two characters of UTF-16', little('ab'), 'utf16le', 'ab'],
    ['UTF-16, little end first', little(text), 'utf16le', text],
    ['UTF-16, big end first', big(text), 'utf16be', text],
    ['UTF-16 with a mark, little end first', little(`\ufeff雪雪雪`), 'utf16le', '\ufeff雪雪雪'],
    ['UTF-16 with a mark, big end first', big(`\ufeff雪雪雪`), 'utf16be', '\ufeff雪雪雪'],
  ] as const) {
    it(`toUtf8: ${what} is ${encoding}`, async () => {
      assert.deepEqual(await read(bytes, bytes.length), { text: expected, encodings: [encoding] });
    });
  }

  it('toUtf8: pieces may end within a character', async () => {
    for (const bytes of [little(text), big(text)]) assert.equal((await read(bytes, 33)).text, text);
  });
});
