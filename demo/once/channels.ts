import { connectAsync } from 'mqtt';

/** The flow's result for a claim token. */
export interface ClaimResult {
  /** HTTP status; MQTT has none. */
  status?: number;
  body: Record<string, unknown>;
}

/** A protocol by which the flow takes claim tokens. */
export interface Channel {
  readonly name: 'MQTT' | 'HTTP';
  /**
   * Sends a claim token, or JSON with one, and waits for the result.
   * @param station the station of the production line that it comes from
   */
  send: (payload: string, station: string) => Promise<ClaimResult>;
  close: () => Promise<void>;
}

/** `POST /claim`. */
export function httpChannel(nodeRed: string, signal: AbortSignal): Channel {
  return {
    name: 'HTTP',
    send: async (payload) => {
      const headers = { 'content-type': payload.startsWith('{') ? 'application/json' : 'text/plain' };
      const response = await fetch(`${nodeRed}/claim`, { method: 'POST', headers, body: payload, signal });
      return { status: response.status, body: parse(await response.text()) };
    },
    close: () => Promise.resolve(),
  };
}

/** `line/<station>/token` and `line/<station>/result`. */
export async function mqttChannel(broker: string, signal: AbortSignal): Promise<Channel> {
  const client = await connectAsync(broker, { reconnectPeriod: 0 });
  // The demo ends with the broker, and reports that itself.
  client.on('error', () => undefined);
  const waiting = new Map<string, { resolve: (payload: Buffer) => void; reject: (error: Error) => void }>();
  client.on('message', (topic, payload) => waiting.get(topic)?.resolve(payload));
  const rejectAll = (): void => {
    for (const { reject } of waiting.values()) reject(new Error('The demo has ended.'));
  };
  signal.addEventListener('abort', rejectAll, { once: true });
  await client.subscribeAsync('line/+/result', { qos: 1 });
  return {
    name: 'MQTT',
    send: async (payload, station) => {
      const result = new Promise<Buffer>((resolve, reject) => {
        waiting.set(`line/${station}/result`, { resolve, reject });
      });
      await client.publishAsync(`line/${station}/token`, payload, { qos: 1 });
      return { body: parse((await result).toString()) };
    },
    close: () => client.endAsync(true),
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { error: 'not JSON', message: text };
  }
}
