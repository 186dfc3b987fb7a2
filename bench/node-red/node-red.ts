import { join, resolve } from 'node:path';
import type { Load } from '../runner/bench';
import { keyFor, startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../../test/support/node-red-process';

const MIB = 2 ** 20;

/** What Node-RED's process measured of itself since the gauge was set back. */
interface Gauge {
  /** Resident memory now and at most, in bytes. */
  rss: number;
  peak: number;
  /** Longest time that the event loop was blocked, in milliseconds. */
  longestBlockMs: number;
  /**
   * Longest time that the event loop ran on the CPU without a turn, in milliseconds: a block without the time that the
   * process had to wait for a CPU. `null` where the system does not say.
   */
  longestBusyMs: number | null;
  /** CPU time of all its threads, in milliseconds. */
  cpuMs: number;
  /** Flushes to disk on the event loop. */
  blockingFlushes: number;
}

/** What came of messages that were sent through a flow. */
interface Work {
  ok: number;
  /** Caught, or with a status that is no success. */
  failed: number;
  /** Never came out. */
  lost: number;
  /** From the first message in to the last one out. */
  seconds: number;
}

/** How messages are sent through a flow. */
export interface Messages {
  /** Path of a file with a token per line. */
  tokens: string;
  messages: number;
  /** How many at a time; left out, all at once. */
  inFlight?: number;
  /** Seconds without any that comes out, after which the rest is lost; default: 10. */
  lostAfter?: number;
}

/** What came of one message. */
export interface Came {
  seconds: number;
  /** It was caught. */
  failed: boolean;
  /** What it held; of an array only its length. */
  payload: unknown;
}

/** A real Node-RED with a flow under test. */
export interface BenchNodeRed extends NodeRedProcess {
  /** Sets the gauge back, and tells how things are. */
  resetGauge: () => Promise<Gauge>;
  readGauge: () => Promise<Gauge>;
  /** Sends messages from the node `source`, and waits until all have come to `sink` or `failed`, or are lost. */
  work: (messages: Messages) => Promise<Work>;
  /** Sends messages one by one; milliseconds from each until something is published on a diagnostics channel. */
  idle: (messages: Messages & { channel: string }) => Promise<number[]>;
  /** Sends messages one by one; milliseconds from each until it comes out. */
  durations: (messages: Messages) => Promise<number[]>;
  /** Reads a file as text for the next message, so that it is there before anything is measured. */
  loadText: (path: string) => Promise<void>;
  /**
   * Sends one message, with the loaded text if no payload is given, and waits until `arrivals` messages have come to `sink`
   * (default: one) or one to `failed`. @returns the last one
   */
  one: (payload?: string, arrivals?: number) => Promise<Came>;
  /** Sends messages, all at once, and waits for nothing. */
  send: (messages: Messages) => Promise<void>;
  /** Rows of the results that have come to the node `results` since the process began. */
  results: () => Promise<{ rows: number }>;
  /** Begins to measure how late polls are, or begins anew. */
  resetLateness: () => Promise<void>;
  /** Milliseconds of each poll since, from when it was due until its request left. */
  readLateness: () => Promise<number[]>;
}

/**
 * Starts Node-RED with a flow; its connections have an API key.
 * @param userDir its user directory, if not one with the package in it
 */
export async function startBenchNodeRed(
  flows: FlowNode[],
  { profiles }: Pick<Load, 'profiles'> = {},
  userDir?: string,
): Promise<BenchNodeRed> {
  const nodeRed = await startNodeRedProcess({
    flows,
    credentials: keyFor(flows, 'bench'),
    ...(userDir === undefined ? {} : { userDir }),
    settings: { nodesDir: [join(__dirname, 'plugin')], contextStorage: { default: { module: 'memory' } } },
    ...(profiles === undefined ? {} : { env: { BENCH_PROFILES: resolve(profiles) } }),
  });
  const ask = async <T>(path: string, method: string, body?: unknown): Promise<T> => {
    const response = await nodeRed.admin(path, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return (await response.json()) as T;
  };
  return {
    ...nodeRed,
    resetGauge: () => ask('/gauge', 'POST'),
    readGauge: () => ask('/gauge', 'GET'),
    work: (messages) => ask('/bench/work', 'POST', messages),
    idle: (messages) => ask('/bench/idle', 'POST', messages),
    durations: (messages) => ask('/bench/durations', 'POST', messages),
    loadText: (path) => ask('/bench/text', 'POST', { path }),
    one: (payload, arrivals) => ask('/bench/one', 'POST', { payload, arrivals }),
    send: (messages) => ask('/bench/send', 'POST', messages),
    results: () => ask('/bench/results', 'GET'),
    resetLateness: () => ask('/lateness', 'POST'),
    readLateness: () => ask('/lateness', 'GET'),
  };
}

/** A flow of its own tab, with the ends that {@link BenchNodeRed} needs. @param middle what `source` is wired to first */
export function flowOf(middle: FlowNode[]): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    { ...place, id: 'source', type: 'bench-port', wires: [[middle[0]?.id ?? 'sink']] },
    ...middle.map((node) => ({ ...place, ...node })),
    { ...place, id: 'sink', type: 'bench-port', wires: [] },
    { ...place, id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['failed']] },
    { ...place, id: 'failed', type: 'bench-port', wires: [] },
    { ...place, id: 'results', type: 'bench-port', wires: [] },
  ];
}

/** Bytes as MiB. */
export function mib(bytes: number): number {
  return bytes / MIB;
}
