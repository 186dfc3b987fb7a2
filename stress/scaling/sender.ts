import { connectAsync, type MqttClient, type OnMessageCallback } from 'mqtt';
import { LOOPBACK } from '../../harness/ports';

/** What an instance answers, see the flow in docs/scaling.md. */
interface Answer {
  instance: string;
  deviceId?: string;
  code?: string;
}

/** What is sent, and how. */
export interface Job {
  topic: string;
  claimTokens: readonly string[];
  /** Most tokens without an answer at a time. */
  window: number;
  /** Milliseconds without an answer after which a token is sent again. */
  resendAfterMs: number;
  /** Told every first answer of a token. */
  onAnswer?: (instance: string) => void;
}

/** How a job went. */
export interface JobReport {
  seconds: number;
  /** First answers by instance. */
  byInstance: Map<string, number>;
  /** How often a token was sent again, because no answer came. */
  repeats: number;
  /** How often a token was sent again, because the answer was an error, by code. */
  refusals: Map<string, number>;
  /** Answers to tokens that had one. */
  late: number;
}

/** A job that takes longer fails. */
const JOB_TIMEOUT_MS = 180_000;
const LOOK_MS = 100;

/** Sends claim tokens by MQTT, QoS 1, and sends again what gets no good answer. */
export class Sender {
  #jobs = 0;

  private constructor(
    private readonly client: MqttClient,
    private readonly id: string,
  ) {}

  /** @param id tells its answers from those of other senders */
  static async start(port: number, id: string): Promise<Sender> {
    const client = await connectAsync(`mqtt://${LOOPBACK}:${port}`, { protocolVersion: 5, clientId: id });
    await client.subscribeAsync(`answers/${id}/#`, { qos: 1 });
    return new Sender(client, id);
  }

  async stop(): Promise<void> {
    await this.client.endAsync();
  }

  /** Resolves when each token has got a good answer. @throws {Error} if that takes too long */
  run(job: Job): Promise<JobReport> {
    const { claimTokens, topic } = job;
    const responseTopic = `answers/${this.id}/${++this.#jobs}`;
    const report: JobReport = { seconds: 0, byInstance: new Map(), repeats: 0, refusals: new Map(), late: 0 };
    const begun = performance.now();
    const open = new Map<number, number>();
    let next = 0;
    let answered = 0;
    const done = new Set<number>();
    const send = (index: number): void => {
      open.set(index, performance.now());
      this.client.publish(topic, claimTokens[index]!, {
        qos: 1,
        properties: { responseTopic, correlationData: Buffer.from(String(index)) },
      });
    };
    const fill = (): void => {
      while (next < claimTokens.length && open.size < job.window) send(next++);
    };
    return new Promise((settle, reject) => {
      const look = setInterval(() => {
        const now = performance.now();
        if (now - begun > JOB_TIMEOUT_MS) {
          end();
          reject(new Error(`${claimTokens.length - answered} of ${claimTokens.length} tokens got no answer`));
        }
        for (const [index, sentAt] of open) {
          if (now - sentAt < job.resendAfterMs) continue;
          report.repeats++;
          send(index);
        }
      }, LOOK_MS);
      const end = (): void => {
        clearInterval(look);
        this.client.off('message', onMessage);
      };
      const onMessage: OnMessageCallback = (from, payload, { properties }) => {
        if (from !== responseTopic) return;
        const index = Number(String(properties?.correlationData));
        const { instance, code } = JSON.parse(String(payload)) as Answer;
        if (done.has(index)) {
          report.late++;
          return;
        }
        if (code !== undefined) {
          count(report.refusals, code);
          send(index);
          return;
        }
        done.add(index);
        open.delete(index);
        answered++;
        count(report.byInstance, instance);
        job.onAnswer?.(instance);
        if (answered < claimTokens.length) {
          fill();
          return;
        }
        report.seconds = (performance.now() - begun) / 1000;
        end();
        settle(report);
      };
      this.client.on('message', onMessage);
      fill();
    });
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
