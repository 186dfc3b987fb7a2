import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { listen, LOOPBACK } from './ports';
import type { Resource } from './resources';

/** A running MQTT broker. */
export interface Broker extends Resource {
  /** Resolves with its address, `mqtt://<host>:<port>`. */
  readonly ready: Promise<{ url: string; port: number }>;
  /** Resolves as soon as somebody is subscribed to a topic: what is published before that is lost. */
  subscribed: (topic: string) => Promise<void>;
}

/** Starts an MQTT broker, on another port if that one is taken. */
export function startBroker(port: number): Broker {
  const aedes = new Aedes();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  const topics = new Map<string, Set<string>>();
  aedes.on('subscribe', (subscriptions, { id }) => {
    topics.set(id, new Set([...(topics.get(id) ?? []), ...subscriptions.map(({ topic }) => topic)]));
  });
  aedes.on('clientDisconnect', ({ id }) => topics.delete(id));
  const ready = aedes.listen().then(async () => {
    const taken = await listen(server, port);
    return { url: `mqtt://${LOOPBACK}:${taken}`, port: taken };
  });
  return {
    ready,
    subscribed: async (topic) => {
      while (![...topics.values()].some((theirs) => theirs.has(topic))) await once(aedes, 'subscribe');
    },
    stop: async () => {
      await ready.catch(() => undefined);
      await new Promise<void>((resolve) => {
        aedes.close(resolve);
      });
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
