import type { Socket } from 'node:net';

const START = Buffer.from('HTTP/1.1 100');
const HEAD_END = '\r\n\r\n';
/** Maximum bytes of a `100 Continue` that are waited for; it has no headers to speak of. */
const MAX_HEAD_BYTES = 8192;

/**
 * Drops `100 Continue` from what a socket reads. Servers may send it unasked (RFC 9110), but undici destroys the socket then.
 * One request at a time is written to the socket, so an interim response can only come first after a write.
 */
export function dropContinue(socket: Socket): Socket {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  let atStart = false;
  let held: Buffer | undefined;
  socket.write = (...args: unknown[]): boolean => {
    atStart = true;
    return write(...args);
  };
  socket.read = (size?: number): Buffer | null => {
    if (!atStart) return read(size);
    for (let chunk = read(size); chunk !== null; chunk = read(size)) {
      let rest: Buffer = held === undefined ? chunk : Buffer.concat([held, chunk]);
      held = undefined;
      for (;;) {
        if (!mayBeContinue(rest)) {
          atStart = false;
          return rest;
        }
        const end = rest.indexOf(HEAD_END);
        if (end < 0) break;
        rest = rest.subarray(end + HEAD_END.length);
      }
      held = rest;
    }
    return null;
  };
  return socket;
}

function mayBeContinue(bytes: Buffer): boolean {
  if (bytes.length > MAX_HEAD_BYTES) return false;
  const length = Math.min(bytes.length, START.length);
  return bytes.subarray(0, length).equals(START.subarray(0, length));
}
