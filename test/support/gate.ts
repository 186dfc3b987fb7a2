import { connect, createServer, type Socket } from 'node:net';
import { listen } from '../../harness/ports';

/** A way to a port that can be shut: what goes through it is cut, and nothing more gets in. */
export interface Gate {
  readonly port: number;
  shut: () => void;
  open: () => Promise<unknown>;
}

/** Opens a way to a port of this computer. */
export async function startGate(target: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  const port = await listen(server, 0);
  return {
    port,
    shut: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    open: () => listen(server, port),
  };
}
