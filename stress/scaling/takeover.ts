import { connectAsync } from 'mqtt';
import { setTimeout as pause } from 'node:timers/promises';
import { LOOPBACK } from '../../harness/ports';
import { Fleet } from './fleet';
import { ENDED } from './flow';
import { redisKeys, startRedis } from './programs';
import { storeIn, type StoreModule } from './store';

const ROWS = 5;
/** Records of bulk status, whatever else a store writes. */
const RECORD = /nrfcloud_/;

/** How a dead instance's watches went on. */
export interface Takeover {
  store: string;
  operations: number;
  /** Records in Redis after the kill, and when all had ended. */
  kept: number;
  left: number;
  /** Results, of which by the instance that took the dead one's place, and marked as resumed. */
  results: number;
  byTheNext: number;
  resumed: number;
  discrepancies: string[];
}

/** A Node-RED that watches bulk operations is killed; another one with the same flow and the same store goes on. */
export async function takeover(module: StoreModule, operations: number): Promise<Takeover> {
  const redis = await startRedis();
  const fleet = await Fleet.start({ bulkHold: 'IN_PROGRESS' });
  const client = await connectAsync(`mqtt://${LOOPBACK}:${fleet.broker.port}`, { protocolVersion: 5 });
  try {
    const ended: { instance: string; bulkOpsRequestId: string; resumed: boolean; code?: string }[] = [];
    client.on('message', (_topic, payload) => ended.push(JSON.parse(String(payload)) as (typeof ended)[number]));
    await client.subscribeAsync(ENDED, { qos: 1 });
    const polls = polledOf(fleet);
    const store = storeIn(module, redis.port, 'line-1');
    await fleet.launch('line-1', store);
    const ids: string[] = [];
    for (let index = 0; index < operations; index++) ids.push(await begin(fleet));
    for (const id of ids) client.publish('operations', id, { qos: 1 });
    await until(() => ids.every((id) => polls.has(id)), 'the first poll of every operation');
    await fleet.kill('line-1');
    const kept = await records(redis.port);
    polls.clear();
    await fleet.launch('line-1-next', store);
    await until(() => ids.every((id) => polls.has(id)), 'a poll of every operation by the next instance');
    fleet.simulator.set({ bulkHold: 'none' });
    await until(
      () => ids.every((id) => ended.some((one) => one.bulkOpsRequestId === id)),
      'the end of every operation',
    );
    await until(async () => (await records(redis.port)) === 0, 'the end of the records').catch(() => undefined);
    const found = ids.filter((id) => ended.filter((one) => one.bulkOpsRequestId === id).length !== 1);
    return {
      store: module.name,
      operations,
      kept,
      left: await records(redis.port),
      results: ended.length,
      byTheNext: ended.filter(({ instance }) => instance === 'line-1-next').length,
      resumed: ended.filter(({ resumed }) => resumed).length,
      discrepancies: found.map((id) => `${id} has not exactly one result`),
    };
  } catch (error) {
    const said = fleet.complaints();
    throw new Error([String(error), ...said].join('\n'), { cause: error });
  } finally {
    await client.endAsync();
    await fleet.stop();
    await redis.stop();
  }
}

/** Operations that somebody asked about. */
function polledOf({ simulator }: Fleet): Set<string> {
  const polled = new Set<string>();
  simulator.events.on('request', ({ url }) => {
    const [, id] = /bulk-ops-requests\/(\w+)/.exec(url) ?? [];
    if (id !== undefined) polled.add(id);
  });
  return polled;
}

/** Begins a bulk operation at the service. */
async function begin(fleet: Fleet): Promise<string> {
  const answer = await fetch(`${fleet.simulator.url}/claimed-devices/bulk`, {
    method: 'POST',
    headers: { authorization: 'Bearer sim-key', 'content-type': 'text/csv' },
    body: fleet.devices(ROWS).claimTokens.join('\n'),
  });
  return ((await answer.json()) as { bulkOpsRequestId: string }).bulkOpsRequestId;
}

async function records(redisPort: number): Promise<number> {
  return (await redisKeys(redisPort)).filter((key) => RECORD.test(key)).length;
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const limit = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > limit) throw new Error(`${what} did not happen`);
    await pause(50);
  }
}
