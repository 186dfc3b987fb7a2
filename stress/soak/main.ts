import { discrepancies, slope, soak, type Sample } from './soak';

/** Most that the heap may grow per 100,000 claims, after the warm-up and a garbage collection. */
const HEAP_BOUND_MIB = 1;
/** With fewer claims the compiled code that comes with warming up would be measured. */
const LEAST_CLAIMS = 250_000;
const MIB = 2 ** 20;

/** `npm run stress:soak`: claims for long, and prints what the process held meanwhile. */
async function main(): Promise<void> {
  const claims = Number(process.env['SOAK_CLAIMS'] ?? 1_000_000);
  const operations = Number(process.env['SOAK_OPERATIONS'] ?? Math.ceil(claims / 500));
  const devices = Number(process.env['SOAK_DEVICES'] ?? 25 * operations);
  const seconds = Number(process.env['SOAK_SECONDS'] ?? 900);
  console.log(
    `${claims} claims (SOAK_CLAIMS), ${operations} operations and commands each (SOAK_OPERATIONS), ` +
      `${devices} followed devices (SOAK_DEVICES), ${seconds} s (SOAK_SECONDS)`,
  );
  const every = Math.min(50_000, Math.ceil(claims / 20));
  const result = await soak({ claims, operations, devices, every, seconds, onSample: tell });
  const { samples, codes, service } = result;
  const heap = slope(samples, ({ heapUsed }) => heapUsed / MIB);
  const rss = slope(samples, (sample) => sample.rss / MIB);
  const words = (of: number | undefined): string => (of === undefined ? 'too few samples' : `${of.toFixed(3)} MiB`);
  console.log(
    `${result.claims} claims and ${result.operations} operations in ${result.seconds.toFixed(0)} s, ` +
      `endings ${JSON.stringify(codes)}, ${result.twice} twice, the service ${JSON.stringify(service)}`,
  );
  console.log(
    `per 100,000 claims after warm-up: heap ${words(heap)} (at most ${HEAP_BOUND_MIB}), resident ${words(rss)}`,
  );
  const found = discrepancies(result);
  if (result.claims < LEAST_CLAIMS) console.log(`the heap is not judged by less than ${LEAST_CLAIMS} claims`);
  else if (heap !== undefined && heap > HEAP_BOUND_MIB) found.push('the heap grows');
  if (result.claims < claims) console.log(`time was over before all ${claims} claims were sent`);
  for (const what of found) console.log(what);
  if (found.length > 0) process.exitCode = 1;
}

function tell({ claims, operations, seconds, heapUsed, rss, external, resources, listeners }: Sample): void {
  const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
  console.log(
    `${String(claims).padStart(8)} claims ${String(operations).padStart(5)} operations ${seconds.toFixed(0).padStart(4)} s  heap ${mib(heapUsed)}  ` +
      `resident ${mib(rss)}  external ${mib(external)}  listeners ${listeners}  ${JSON.stringify(resources)}`,
  );
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
