import assert from 'node:assert/strict';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { contentCodings, decodeDocument, decodeText, decompress } from '../../../nodes/http/decode';

const NOTHING = Buffer.alloc(0);

describe('contentCodings', () => {
  for (const [header, codings] of [
    [undefined, []],
    ['', []],
    ['identity', []],
    ['gzip', ['gzip']],
    ['GZIP', ['gzip']],
    [' gzip ,br', ['gzip', 'br']],
    ['gzip, identity, , br', ['gzip', 'br']],
    [
      ['gzip', 'br'],
      ['gzip', 'br'],
    ],
  ] as const) {
    it(`content codings: ${JSON.stringify(header)}`, () => {
      assert.deepEqual(contentCodings(header as string | string[] | undefined), codings);
    });
  }
});

describe('decompress', () => {
  const TEXT = Buffer.from('0123456789');

  for (const [what, body, codings] of [
    ['no coding', TEXT, []],
    ['gzip', gzipSync(TEXT), ['gzip']],
    ['x-gzip', gzipSync(TEXT), ['x-gzip']],
    ['deflate in the zlib format', deflateSync(TEXT), ['deflate']],
    ['deflate in the raw format', deflateRawSync(TEXT), ['deflate']],
    ['br', brotliCompressSync(TEXT), ['br']],
    ['two codings, the last one undone first', brotliCompressSync(gzipSync(TEXT)), ['gzip', 'br']],
    ['gzip twice', gzipSync(gzipSync(TEXT)), ['gzip', 'gzip']],
  ] as const) {
    it(`decompress: ${what}`, async () => {
      assert.deepEqual(await decompress(body, [...codings], 100), { bytes: TEXT });
    });
  }

  for (const [what, body, codings] of [
    ['an unknown coding', TEXT, ['zstd']],
    ['three codings', gzipSync(gzipSync(gzipSync(TEXT))), ['gzip', 'gzip', 'gzip']],
    ['bytes that are not compressed', TEXT, ['gzip']],
    ['bytes that are not compressed, as br', Buffer.alloc(10, 0xff), ['br']],
    ['an inner coding that is not there', gzipSync(TEXT), ['br', 'gzip']],
    ['an unknown outer coding', gzipSync(TEXT), ['gzip', 'zstd']],
  ] as const) {
    it(`decompress: nothing comes of ${what}`, async () => {
      assert.deepEqual(await decompress(body, [...codings], 100), { bytes: NOTHING, truncated: 'encoding' });
    });
  }

  it('decompress: as many bytes as allowed are whole, one more is cut', async () => {
    const body = gzipSync(TEXT);
    assert.deepEqual(await decompress(body, ['gzip'], 10), { bytes: TEXT });
    assert.deepEqual(await decompress(body, ['gzip'], 9), { bytes: TEXT.subarray(0, 9), truncated: 'size' });
  });

  // zlib gives 16 KiB at a time.
  for (const maxBytes of [16_383, 16_384, 16_385, 39_999, 49_152, 99_999]) {
    it(`decompress: 100,000 bytes are cut at ${maxBytes}, in order`, async () => {
      const text = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
      const { bytes, truncated } = await decompress(gzipSync(text), ['gzip'], maxBytes);
      assert.deepEqual([bytes.equals(text.subarray(0, maxBytes)), truncated], [true, 'size']);
    });
  }

  it('decompress: many parts up to the limit are whole', async () => {
    const text = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    const { bytes, truncated } = await decompress(gzipSync(text), ['gzip'], 100_000);
    assert.deepEqual([bytes.equals(text), truncated], [true, undefined]);
  });

  it('decompress: what is cut in one coding is not decompressed further', async () => {
    const inner = gzipSync(Buffer.alloc(1000, 'x'), { level: 0 });
    const { bytes, truncated } = await decompress(gzipSync(inner), ['gzip', 'gzip'], 500);
    assert.deepEqual([bytes.equals(inner.subarray(0, 500)), truncated], [true, 'size']);
  });

  for (const [coding, compress] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const) {
    it(`decompress: a body that broke off is read as far as it came: ${coding}`, async () => {
      // Text that hardly compresses, so that half of the bytes are worth half of the text.
      const text = Buffer.from(Array.from({ length: 2000 }, (_, index) => (index * index * 7919) >> 5).join());
      const whole = compress(text);
      const { bytes, truncated } = await decompress(whole.subarray(0, whole.length / 2), [coding], 100_000);
      assert.equal(truncated, undefined);
      assert.ok(bytes.length > 0);
      assert.ok(bytes.equals(text.subarray(0, bytes.length)));
    });
  }
});

describe('decoded text', () => {
  const little = (text: string): Buffer => Buffer.from(text, 'utf16le');
  const big = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

  for (const [what, bytes, text] of [
    ['UTF-8', Buffer.from('aä€😀'), 'aä€😀'],
    ['UTF-8 with a mark', Buffer.from('\ufeffä'), 'ä'],
    ['UTF-16LE with a mark', little('\ufeffä€'), 'ä€'],
    ['UTF-16BE with a mark', big('\ufeffä€'), 'ä€'],
    ['UTF-16BE with a mark, cut in the middle of a character', big('\ufeffab').subarray(0, 5), 'a'],
    ['nothing', NOTHING, ''],
    ['one character', Buffer.from('a'), 'a'],
    // Half a mark is not one.
    ['the first half of the mark of UTF-16LE', Buffer.from([0xff, 0x61]), '\ufffda'],
    ['the second half of the mark of UTF-16LE', Buffer.from([0x61, 0xfe]), 'a\ufffd'],
    ['the first half of the mark of UTF-16BE', Buffer.from([0xfe, 0x61]), '\ufffda'],
    ['the second half of the mark of UTF-16BE', Buffer.from([0x61, 0xff]), 'a\ufffd'],
    ['a character that begins like the mark of UTF-8', Buffer.from('\ufec0'), '\ufec0'],
    ['the first byte of the mark of UTF-8 alone', Buffer.from([0xef, 0x61, 0xbf]), '\ufffda\ufffd'],
    ['the last two bytes of the mark of UTF-8', Buffer.from([0x61, 0xbb, 0xbf]), 'a\ufffd\ufffd'],
    ['the mark of UTF-8 without its second byte', Buffer.from([0xef, 0x61, 0xbf, 0x62]), '\ufffda\ufffdb'],
  ] as const) {
    it(`text: ${what}`, () => {
      assert.equal(decodeText(bytes), text);
      assert.equal(decodeDocument(bytes), text);
    });
  }

  for (const [what, bytes, text] of [
    ['UTF-16LE', little('row'), 'row'],
    ['UTF-16BE', big('row'), 'row'],
    ['UTF-16BE, cut in the middle of a character', big('rows').subarray(0, 7), 'row'],
    ['one character of UTF-16LE', little('r'), 'r'],
    ['one character of UTF-16BE', big('r'), 'r'],
    ['a zero alone', Buffer.from([0]), '\0'],
    ['zeros', Buffer.from([0, 0, 0x61]), '\0\0a'],
  ] as const) {
    it(`text of a document without a mark: ${what}`, () => assert.equal(decodeDocument(bytes), text));
  }

  it('text: UTF-16 without a mark is not expected outside documents', () => {
    assert.equal(decodeText(little('row')), 'r\0o\0w\0');
  });
});
