import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import type { MqttClient } from 'mqtt';
import { eventually } from '../../harness/eventually';
import { listen } from '../../harness/ports';

/** Receives alerts both ways: by a webhook and by MQTT. */
export class AlertReceiver {
  readonly posted: string[] = [];
  readonly published: string[] = [];
  readonly #server: Server;
  #port = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        this.posted.push(body);
        response.end('thanks');
      });
    });
  }

  static async start(): Promise<AlertReceiver> {
    const receiver = new AlertReceiver();
    receiver.#port = await listen(receiver.#server, 0);
    return receiver;
  }

  /** The webhook's URL. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}/alert`;
  }

  async subscribe(mqtt: MqttClient): Promise<void> {
    mqtt.on('message', (_topic, payload) => this.published.push(payload.toString()));
    await mqtt.subscribeAsync('alerts/nrfcloud');
  }

  /** Forgets what came so far. */
  clear(): void {
    this.posted.length = this.published.length = 0;
  }

  /** The one alert that comes of something, the same both ways. */
  async alertOf(begin: () => Promise<void>): Promise<Record<string, any>> {
    this.clear();
    await begin();
    await eventually(() => this.posted.length > 0 && this.published.length > 0, 'the alert');
    assert.deepEqual([this.posted.length, this.published.length], [1, 1]);
    assert.deepEqual(JSON.parse(this.posted[0]!), JSON.parse(this.published[0]!));
    return JSON.parse(this.published[0]!) as Record<string, any>;
  }

  stop(): void {
    this.#server.close();
  }
}
