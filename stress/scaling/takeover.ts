import { connectAsync, type MqttClient } from 'mqtt';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../harness/eventually';
import { LOOPBACK } from '../../harness/ports';
import { LEASE_TIMING } from '../../nodes/runtime/record-leases';
import { startBulkOperation } from '../../test/support/start-bulk-operation';
import { Fleet, type Instance } from './fleet';
import { ENDED_LOG } from './flow';
import { redisKeys, startRedis, type Program } from './programs';
import { storeIn, type Store, type StoreModule } from './store';

const ROWS = 5;
/** A record of bulk status, whatever else a store writes: neither a lease nor the node's clock nor a part. */
const RECORD = /nrfcloud_[^#]+$/;
/** Longest time for anything that is waited for, in milliseconds: a lease has to expire in it. */
const PATIENCE_MS = 4 * LEASE_TIMING.leaseMs;
/** How long requests of the lost instance may still arrive, in milliseconds. */
const IN_FLIGHT_MS = 1000;
/** The service has had no request for so long, in milliseconds: nobody polls any more. */
const QUIET_MS = 3000;

/** What became of the operations of several instances that share their records. */
export interface Takeover {
  what: string;
  store: string;
  instances: number;
  operations: number;
  /** Seconds until all operations of the lost instance were polled again. */
  takenOverAfter: number;
  /** Results, and how many of them are marked as resumed. */
  results: number;
  resumed: number;
  /** Operations with two results. */
  twice: number;
  /** Records in Redis after the last result. */
  left: number;
  discrepancies: string[];
}

/** A result as the flow logs it. */
interface Result {
  id: string;
  resumed: boolean;
}

/**
 * Three Node-REDs with one flow and one prefix in Redis follow bulk operations. One is killed, one is paused for longer than
 * its lease, and one is paused while its results leave. Each believes that it has a computer of its own, so that nobody
 * sees whose process is gone.
 */
export async function takeover(module: StoreModule, operations: number): Promise<Takeover[]> {
  const redis = await startRedis();
  const fleet = await Fleet.start({ bulkHold: 'IN_PROGRESS' });
  const client = await connectAsync(`mqtt://${LOOPBACK}:${fleet.broker.port}`, { protocolVersion: 5 });
  const store = storeIn(module, redis.port, 'line', "require('node:os').hostname = () => process.env.INSTANCE;");
  const part = new Part({ fleet, redis, client, store, name: module.name });
  try {
    for (const name of ['line-1', 'line-2', 'line-3']) await fleet.launch(name, store);
    const killed = await part.killed('line-1', operations);
    await fleet.launch('line-4', store);
    const paused = await part.paused('line-2', operations);
    const pausedWhileSending = await part.pausedWhileSending('line-3', 3 * operations);
    return [killed, paused, pausedWhileSending];
  } catch (error) {
    const said = fleet.complaints();
    throw new Error([String(error), ...said].join('\n'), { cause: error });
  } finally {
    await client.endAsync();
    await fleet.stop();
    await redis.stop();
  }
}

interface PartOptions {
  fleet: Fleet;
  redis: Program;
  client: MqttClient;
  store: Store;
  name: string;
}

class Part {
  /** Operations that were polled since the set was cleared. */
  readonly #polled = new Set<string>();
  #lastRequestAt = performance.now();

  constructor(private readonly options: PartOptions) {
    options.fleet.simulator.events.on('request', ({ url }) => {
      this.#lastRequestAt = performance.now();
      const [, id] = /bulk-ops-requests\/(\w+)/.exec(url) ?? [];
      if (id !== undefined) this.#polled.add(id);
    });
  }

  /** An instance is killed while its operations are pending. */
  async killed(name: string, operations: number): Promise<Takeover> {
    const ids = await this.#follow(operations);
    await this.options.fleet.kill(name);
    const takenOverAfter = await this.#polledAgain(ids);
    this.#end();
    return this.#account(`killed while ${operations} are pending`, ids, takenOverAfter);
  }

  /** An instance is paused while its operations are pending, and continues when others have reported them. */
  async paused(name: string, operations: number): Promise<Takeover> {
    const ids = await this.#follow(operations);
    this.#signal(name, 'SIGSTOP');
    const takenOverAfter = await this.#polledAgain(ids);
    this.#end();
    await this.#reported(ids);
    this.#signal(name, 'SIGCONT');
    return this.#account(`paused while ${operations} are pending`, ids, takenOverAfter);
  }

  /** An instance is paused after its first result, and continues when others have reported the rest. */
  async pausedWhileSending(name: string, operations: number): Promise<Takeover> {
    const ids = await this.#follow(operations);
    const { nodeRed } = this.#instance(name);
    const before = resultsIn(nodeRed.log).length;
    this.#end();
    await nodeRed.until(() => resultsIn(nodeRed.log).length > before, `the first result of ${name}`);
    this.#signal(name, 'SIGSTOP');
    const pausedAt = performance.now();
    await this.#reported(ids);
    const takenOverAfter = (performance.now() - pausedAt) / 1000;
    this.#signal(name, 'SIGCONT');
    return this.#account('paused after its first result', ids, takenOverAfter);
  }

  /** Begins operations, and lets the instances share them. @returns their ids, when all have been polled */
  async #follow(count: number): Promise<string[]> {
    const { fleet, client } = this.options;
    fleet.simulator.set({ bulkHold: 'IN_PROGRESS' });
    const ids: string[] = [];
    for (let index = 0; index < count; index++)
      ids.push(await startBulkOperation(fleet.simulator, fleet.devices(ROWS).claimTokens));
    for (const id of ids) client.publish('operations', id, { qos: 1 });
    await eventually(() => ids.every((id) => this.#polled.has(id)), 'the first poll of every operation', PATIENCE_MS);
    return ids;
  }

  /** @returns seconds until all were polled again */
  async #polledAgain(ids: readonly string[]): Promise<number> {
    const begun = performance.now();
    await pause(IN_FLIGHT_MS);
    this.#polled.clear();
    await eventually(
      () => ids.every((id) => this.#polled.has(id)),
      'a poll of every operation by the other instances',
      PATIENCE_MS,
    );
    return (performance.now() - begun) / 1000;
  }

  async #reported(ids: readonly string[]): Promise<void> {
    const isReported = (): boolean => {
      const reported = new Set(this.#results().map(({ id }) => id));
      return ids.every((id) => reported.has(id));
    };
    await eventually(isReported, 'a result of every operation', PATIENCE_MS);
  }

  /** Lets the service end all operations. */
  #end(): void {
    this.options.fleet.simulator.set({ bulkHold: 'none' });
  }

  async #account(what: string, ids: string[], takenOverAfter: number): Promise<Takeover> {
    await this.#reported(ids);
    await eventually(() => performance.now() - this.#lastRequestAt > QUIET_MS, 'the end of all polls', PATIENCE_MS);
    const { redis, fleet, name } = this.options;
    const results = this.#results().filter(({ id }) => ids.includes(id));
    const found: string[] = [];
    let twice = 0;
    for (const id of ids) {
      const own = results.filter((one) => one.id === id);
      const unmarked = own.filter(({ resumed }) => !resumed).length;
      if (own.length === 2) twice++;
      if (own.length > 2) found.push(`${id} has ${own.length} results`);
      if (unmarked > 1) found.push(`${id} has ${unmarked} results that are not marked as resumed`);
    }
    const left = (await redisKeys(redis.port)).filter((key) => RECORD.test(key)).length;
    if (left > 0) found.push(`${left} records are left`);
    return {
      what,
      store: name,
      instances: fleet.instances.length,
      operations: ids.length,
      takenOverAfter,
      results: results.length,
      resumed: results.filter(({ resumed }) => resumed).length,
      twice,
      left,
      discrepancies: found,
    };
  }

  #results(): Result[] {
    return this.options.fleet.instances.flatMap(({ nodeRed }) => resultsIn(nodeRed.log));
  }

  #signal(name: string, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#lastRequestAt = performance.now();
    process.kill(this.#instance(name).nodeRed.pid, signal);
  }

  #instance(name: string): Instance {
    return this.options.fleet.instances.find((one) => one.name === name)!;
  }
}

function resultsIn(log: readonly string[]): Result[] {
  return log.flatMap((line) => {
    const at = line.indexOf(ENDED_LOG);
    return at < 0 ? [] : [JSON.parse(line.slice(at + ENDED_LOG.length)) as Result];
  });
}
