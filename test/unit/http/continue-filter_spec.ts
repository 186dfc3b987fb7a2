import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { dropContinue } from '../../../nodes/http/continue-filter';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\n\r\n';

/** A socket that has read these parts, and gives one of them at a time. */
class PlayedSocket {
  readonly written: unknown[][] = [];
  readonly sizes: (number | undefined)[] = [];

  constructor(readonly parts: string[]) {}

  write(...args: unknown[]): boolean {
    this.written.push(args);
    return false;
  }

  read(size?: number): Buffer | null {
    this.sizes.push(size);
    const part = this.parts.shift();
    return part === undefined ? null : Buffer.from(part);
  }
}

function filtered(...parts: string[]): { played: PlayedSocket; socket: Socket; read: () => string[] } {
  const played = new PlayedSocket(parts);
  const socket = dropContinue(played as unknown as Socket);
  /** Everything that can be read now. */
  function read(): string[] {
    const texts: string[] = [];
    for (let part = socket.read() as Buffer | null; part !== null; part = socket.read() as Buffer | null) {
      texts.push(part.toString());
    }
    return texts;
  }
  return { played, socket, read };
}

describe('dropContinue', () => {
  for (const [what, parts, expected] of [
    ['nothing', [], []],
    ['no 100 Continue', [OK, 'body'], [OK, 'body']],
    ['before the response', [CONTINUE, OK], [OK]],
    ['in one piece with the response', [CONTINUE + OK], [OK]],
    ['twice', [CONTINUE + CONTINUE + OK], [OK]],
    ['twice in two pieces', [CONTINUE, CONTINUE, OK], [OK]],
    ['with headers', ['HTTP/1.1 100 Continue\r\nx: y\r\n\r\n', OK], [OK]],
    ['alone', [CONTINUE], []],
    ['in pieces', ['H', 'TTP/1.1 10', '0 Continue\r\n', '\r', `\n${OK}`], [OK]],
    ['its first bytes, followed by another status', ['HTTP/1.1 ', '200 OK\r\n\r\n'], [OK]],
    ['its first bytes only', ['HTTP/1.1 1'], []],
    ['in the middle of a body', [OK, CONTINUE], [OK, CONTINUE]],
    ['another interim response', ['HTTP/1.1 103 Early Hints\r\n\r\n', OK], ['HTTP/1.1 103 Early Hints\r\n\r\n', OK]],
    ['a response that ends early', ['HTTP', '!'], ['HTTP!']],
  ] as const) {
    it(`100 Continue: what is read: ${what}`, () => {
      const { socket, read } = filtered(...parts);
      socket.write('request');
      assert.deepEqual(read(), expected);
    });
  }

  it('100 Continue: is only expected after a write, and only before the response', () => {
    const { played, socket, read } = filtered(CONTINUE);
    assert.deepEqual(read(), [CONTINUE]);
    for (let request = 0; request < 2; request++) {
      socket.write('request');
      played.parts.push(CONTINUE, OK, CONTINUE);
      assert.deepEqual(read(), [OK, CONTINUE]);
    }
  });

  it('100 Continue: is dropped when its rest comes later', () => {
    const { played, socket, read } = filtered('HTTP/1.1 100 Cont');
    socket.write('request');
    assert.deepEqual(read(), []);
    played.parts.push('inue\r\n\r\n');
    assert.deepEqual(read(), []);
    played.parts.push(OK, 'body');
    assert.deepEqual(read(), [OK, 'body']);
  });

  it('100 Continue: one that does not end is given on after 8 KiB', () => {
    const start = 'HTTP/1.1 100 Continue\r\nx: ';
    const most = start + 'y'.repeat(8192 - start.length);
    const { played, socket, read } = filtered(most);
    socket.write('request');
    assert.deepEqual(read(), []);
    played.parts.push('y');
    assert.deepEqual(read(), [`${most}y`]);
    played.parts.push('y');
    assert.deepEqual(read(), ['y']);
  });

  it('100 Continue: writes and sizes are passed on', () => {
    const { played, socket } = filtered('ab');
    const done = (): void => undefined;
    assert.equal(socket.write('text', 'latin1', done), false);
    assert.deepEqual(played.written, [['text', 'latin1', done]]);
    assert.equal((socket.read(2) as Buffer).toString(), 'ab');
    assert.equal(socket.read(7), null);
    assert.deepEqual(played.sizes, [2, 7]);
  });
});
