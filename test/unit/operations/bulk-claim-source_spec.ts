import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { contentParts, contentSource } from '../../../nodes/operations/bulk-claim-source';

describe('bulk claim source', () => {
  it('bulk claim source: bytes in an array, at any depth, are the same text after a restart', async () => {
    const bytes = Buffer.from('token');
    const items = [bytes, [bytes, 'tag'], { claimToken: bytes, tags: [Buffer.from('a')] }, new Uint16Array([0x6b6f])];
    const content = contentParts(items)!;
    const parts: unknown[] = [];
    for await (const part of content.parts) parts.push(JSON.parse(JSON.stringify(part)));
    assert.deepEqual(await contentSource(content.kind, Readable.from(parts), 0), {
      kind: 'value',
      value: ['token', ['token', 'tag'], { claimToken: 'token', tags: ['a'] }, 'ok'],
    });
  });
});
