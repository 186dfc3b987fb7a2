import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** The demo is for this computer alone. */
export const LOOPBACK = '127.0.0.1';

/**
 * Listens on a port, or on any free one if it is taken.
 * @param port the one that is wanted; 0 = any
 * @returns the port
 */
export async function listen(server: Server, port: number): Promise<number> {
  try {
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
  } catch (error) {
    if (port === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return listen(server, 0);
  }
  return (server.address() as AddressInfo).port;
}

/** Below the ports that systems use for outgoing connections (Linux from 32768): those are taken at any moment. */
const QUIET_PORTS = [20_000, 32_000] as const;

/**
 * A port that is free right now, for a process that has to be told one.
 * @param port the one that is wanted, if it is free; 0 = any
 */
export async function freePort(port: number): Promise<number> {
  const server = createServer();
  const free = await listen(server, port === 0 ? randomInt(...QUIET_PORTS) : port);
  server.close();
  await once(server, 'close');
  return free;
}
