import { CONCURRENCY, Fleet } from './fleet';

/** The service's time for an answer, in milliseconds: long enough that waiting, not this computer, is the limit. */
export const LATENCY_MS = 200;
const SIZES = [1, 2, 4];
const WARM_UP = 100;
/** Tokens on their way for each instance: more than it claims at once, so that none runs dry. */
const WINDOW = 4 * CONCURRENCY;

/** How a number of instances did. */
export interface Throughput {
  instances: number;
  tokens: number;
  seconds: number;
  perSecond: number;
  /** Beside one instance. */
  times: number;
  /** Claims of the instance with the fewest and the most, as a part of an even share. */
  least: number;
  most: number;
  sentAgain: number;
  discrepancies: string[];
}

/** What happened when an instance died in the middle. */
export interface Death {
  instances: number;
  tokens: number;
  answered: number;
  /** Answers that the dead one had given. */
  byTheDead: number;
  sentAgain: number;
  claimedOnce: number;
  seconds: number;
  discrepancies: string[];
}

/** 1, 2 and 4 Node-REDs claim from one queue; then one of the four dies in the middle of the work. */
export async function throughputAndDeath(tokensEach: number): Promise<{ rows: Throughput[]; death: Death }> {
  const fleet = await Fleet.start({ latency: LATENCY_MS });
  try {
    const rows: Throughput[] = [];
    for (const size of SIZES) rows.push(await measure(fleet, size, tokensEach, rows[0]));
    return { rows, death: await dieInTheMiddle(fleet, tokensEach) };
  } finally {
    await fleet.stop();
  }
}

async function measure(fleet: Fleet, instances: number, tokensEach: number, one?: Throughput): Promise<Throughput> {
  await fleet.grow(instances);
  const sender = await fleet.sender(`throughput-${instances}`);
  const window = WINDOW * instances;
  const job = { topic: 'claims', window, resendAfterMs: 10_000 };
  await sender.run({ ...job, claimTokens: fleet.devices(WARM_UP * instances).claimTokens });
  const { claimTokens, notOnce } = fleet.devices(tokensEach * instances);
  const { seconds, byInstance, repeats } = await sender.run({ ...job, claimTokens });
  const tokens = claimTokens.length;
  const shares = fleet.instances.map(({ name }) => (byInstance.get(name) ?? 0) / (tokens / instances));
  const perSecond = tokens / seconds;
  return {
    instances,
    tokens,
    seconds,
    perSecond,
    times: perSecond / (one?.perSecond ?? perSecond),
    least: Math.min(...shares),
    most: Math.max(...shares),
    sentAgain: repeats,
    discrepancies: notOnce().map((id) => `${id} was not claimed once`),
  };
}

async function dieInTheMiddle(fleet: Fleet, tokensEach: number): Promise<Death> {
  const instances = fleet.instances.length;
  const sender = await fleet.sender('death');
  const { claimTokens, notOnce } = fleet.devices(tokensEach * instances);
  const victim = fleet.instances[0]!.name;
  let answered = 0;
  let killed: Promise<void> | undefined;
  const report = await sender.run({
    topic: 'claims',
    claimTokens,
    window: WINDOW * instances,
    resendAfterMs: 3000,
    onAnswer: () => {
      if (++answered >= claimTokens.length / 3) killed ??= fleet.kill(victim);
    },
  });
  await killed;
  const wrong = notOnce();
  const found = wrong.map((id) => `${id} was not claimed once`);
  if (report.repeats === 0) found.push('nothing was sent again: the dead instance had nothing in hand');
  return {
    instances,
    tokens: claimTokens.length,
    answered,
    byTheDead: report.byInstance.get(victim) ?? 0,
    sentAgain: report.repeats,
    claimedOnce: claimTokens.length - wrong.length,
    seconds: report.seconds,
    discrepancies: found,
  };
}
