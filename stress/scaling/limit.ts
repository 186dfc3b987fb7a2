import { Fleet, type Instance } from './fleet';
import { claimsOf } from './flow';

/** Requests a second that the service takes from all together. */
export const RATE = 100;
const SIZES = [1, 2, 4];
/** What the service says with its 429, and whether each connection is told its part of the limit. */
const MODES = [
  { retryAfter: 'seconds', told: false },
  { retryAfter: 'none', told: false },
  { retryAfter: 'seconds', told: true },
] as const;
/** The service's time for an answer, in milliseconds: one instance alone asks for more than the limit. */
const LATENCY_MS = 40;
/** So long the limit is being found out; shares are told of the time after it, in milliseconds. */
const SETTLING_MS = 4000;
const WINDOW = 32;

/** How a number of instances shared one limit. */
export interface Sharing {
  retryAfter: (typeof MODES)[number]['retryAfter'];
  /** The rate of each connection, 0 = none. */
  rate: number;
  instances: number;
  tokens: number;
  /** Seconds that are told of: after settling, as long as every instance had work. */
  seconds: number;
  /** Requests a second that the service took and refused then. */
  taken: number;
  refused: number;
  /** Claims of the instance with the fewest and the most then, as a part of an even share. */
  least: number;
  most: number;
  /** Messages that ended in an error, in all. */
  failed: number;
  claimedOnce: number;
  discrepancies: string[];
}

/** 1, 2 and 4 Node-REDs, each with tokens of its own, claim from a service that limits requests per second. */
export async function shareTheLimit(seconds: number): Promise<Sharing[]> {
  const fleet = await Fleet.start({ rate: RATE, latency: LATENCY_MS });
  try {
    const rows: Sharing[] = [];
    await fleet.grow(SIZES.at(-1)!);
    for (const { retryAfter, told } of MODES) {
      for (const size of SIZES) {
        const rate = told ? RATE / size : 0;
        // All are deployed anew, so that nobody remembers the round before.
        for (const instance of fleet.instances) await fleet.renew(instance, rows.length + 2, { rate });
        rows.push(await share(fleet, size, { retryAfter, rate }, seconds));
      }
    }
    return rows;
  } finally {
    await fleet.stop();
  }
}

async function share(
  fleet: Fleet,
  size: number,
  { retryAfter, rate }: Pick<Sharing, 'retryAfter' | 'rate'>,
  seconds: number,
): Promise<Sharing> {
  const { simulator } = fleet;
  simulator.set({ rateRetryAfter: retryAfter });
  const instances = fleet.instances.slice(0, size);
  const { claimTokens, notOnce } = fleet.devices(Math.ceil((RATE * seconds) / size) * size);
  const log: { at: number; what: 'taken' | 'refused' | Instance }[] = [];
  const onResponse = ({ status }: { status?: number }): void => {
    log.push({ at: performance.now(), what: status === 429 ? 'refused' : 'taken' });
  };
  simulator.events.on('response', onResponse);
  const begin = performance.now();
  let firstDone = Infinity;
  const run = async (instance: Instance, index: number): Promise<number> => {
    const sender = await fleet.sender(`limit-${retryAfter}-${rate}-${size}-${index}`);
    const part = claimTokens.length / size;
    const report = await sender.run({
      topic: claimsOf(instance.name),
      claimTokens: claimTokens.slice(index * part, (index + 1) * part),
      window: WINDOW,
      resendAfterMs: 60_000,
      onAnswer: () => log.push({ at: performance.now(), what: instance }),
    });
    firstDone = Math.min(firstDone, performance.now());
    return [...report.refusals.values()].reduce((sum, count) => sum + count, 0);
  };
  const failed = await Promise.all(instances.map(run));
  simulator.events.off('response', onResponse);

  const settled = begin + SETTLING_MS;
  const between = log.filter(({ at }) => at >= settled && at < firstDone);
  const count = (wanted: (typeof log)[number]['what']): number => between.filter(({ what }) => what === wanted).length;
  const lasted = (firstDone - settled) / 1000;
  const claims = instances.map(count);
  const even = claims.reduce((sum, one) => sum + one, 0) / size;
  const wrong = notOnce();
  return {
    retryAfter,
    rate,
    instances: size,
    tokens: claimTokens.length,
    seconds: lasted,
    taken: count('taken') / lasted,
    refused: count('refused') / lasted,
    least: Math.min(...claims) / even,
    most: Math.max(...claims) / even,
    failed: failed.reduce((sum, one) => sum + one, 0),
    claimedOnce: claimTokens.length - wrong.length,
    discrepancies: wrong.map((id) => `${id} was not claimed once`),
  };
}
