import { shareConnection } from './fairness';
import { flood, type FloodOptions } from './flood';

const MESSAGES = 100_000;
const CLAIMS = 100;
const BACKLOG = 5000;

/** `npm run stress:flood`: prints how floods are held, and how nodes share a connection. */
async function main(): Promise<void> {
  const floods: Record<string, FloodOptions> = {
    'queue limit 100,000 (default)': { messages: MESSAGES, queueLimit: 100_000 },
    'queue limit 1,000': { messages: MESSAGES, queueLimit: 1000 },
    'nodeMessageBufferMaxLength 500': { messages: MESSAGES, queueLimit: 100_000, nodeMessageBufferMaxLength: 500 },
  };
  let lost = 0;
  for (const [name, options] of Object.entries(floods)) {
    const result = await flood(options);
    const { ended, twice, most, codes, sentMs, floodMs, tookMs, rssBeforeMiB, rssMiB, claimed, claimedAgain } = result;
    const most_ = options.nodeMessageBufferMaxLength ?? options.queueLimit + 16;
    console.log(
      `${name}: ${MESSAGES} messages sent within ${sentMs} ms, received within ${floodMs} ms, all ended after ${(tookMs / 1000).toFixed(1)} s (${twice} twice), ` +
        `at most ${most} held (${most_} allowed), resident ${rssBeforeMiB} MiB before, ${rssMiB} MiB at most, ` +
        `${claimed} devices claimed (${claimedAgain} twice), endings ${JSON.stringify(codes)}`,
    );
    // The message that comes in is there for a moment, before it is refused.
    if (ended !== MESSAGES || twice > 0 || claimedAgain > 0 || claimed !== codes['ok'] || most > most_ + 1) lost++;
  }
  for (const concurrency of [1, 16]) {
    const alone = await shareConnection({ concurrency, claims: CLAIMS, backlog: BACKLOG, busy: false });
    const shared = await shareConnection({ concurrency, claims: CLAIMS, backlog: BACKLOG, busy: true });
    console.log(
      `concurrency ${concurrency}: alone ${alone.claimsPerSecond} claims/s, one claim ${alone.latencyMs.median} ms (slowest ${alone.latencyMs.slowest}); ` +
        `beside an upload, a listing and ${BACKLOG} waiting claims of another node ${shared.claimsPerSecond} claims/s, one claim ${shared.latencyMs.median} ms ` +
        `(slowest ${shared.latencyMs.slowest}), overtaken by at most ${shared.overtaken} requests; the others got ${shared.others} through`,
    );
  }
  process.exitCode = lost === 0 ? 0 : 1;
}

void main();
