import { cpus } from 'node:os';
import { RATE, shareTheLimit } from './limit';
import { installCommand } from './programs';
import { installStore } from './store';
import { takeover } from './takeover';
import { LATENCY_MS, throughputAndDeath } from './throughput';

const PARTS: Record<string, () => Promise<string[]>> = {
  throughput: async () => {
    const { rows, death } = await throughputAndDeath(Number(process.env['SCALING_TOKENS'] ?? 800));
    print(`one queue of tokens, a service that takes ${LATENCY_MS} ms for an answer`, rows);
    print('one of them is killed in the middle', [death]);
    return [...rows, death].flatMap(({ discrepancies }) => discrepancies);
  },
  takeover: async () => {
    const rows = await takeover(installStore(), 30);
    print('three instances with one prefix in Redis; one of them is lost', rows);
    return rows.flatMap(({ discrepancies }) => discrepancies);
  },
  limit: async () => {
    const rows = await shareTheLimit(Number(process.env['SCALING_SECONDS'] ?? 20));
    print(`a service that takes ${RATE} requests a second from all together`, rows);
    return rows.flatMap(({ discrepancies }) => discrepancies);
  },
};

/** `npm run stress:scaling -- [parts]`: several Node-REDs, a Mosquitto, a Redis and the simulator. */
async function main(): Promise<void> {
  const command = installCommand();
  if (command !== undefined) throw new Error(`Mosquitto and Redis are needed. As root, run: ${command}`);
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in PARTS));
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: the parts are ${Object.keys(PARTS).join(', ')}`);
  const begun = performance.now();
  const found: string[] = [];
  for (const [name, part] of Object.entries(PARTS)) {
    if (wanted.length === 0 || wanted.includes(name)) found.push(...(await part()));
  }
  const seconds = Math.round((performance.now() - begun) / 1000);
  const [cpu] = cpus();
  console.log(
    `${new Date().toISOString()}, ${cpus().length} × ${cpu!.model}, Node.js ${process.version}, ${seconds} s`,
  );
  for (const what of found) console.log(what);
  console.log(`${found.length} discrepancies`);
  if (found.length > 0) process.exitCode = 1;
}

function print(title: string, rows: { discrepancies: string[] }[]): void {
  const short = (value: unknown): unknown => (typeof value === 'number' ? Math.round(value * 100) / 100 : value);
  console.log(`\n${title}`);
  console.table(
    rows.map(({ discrepancies, ...row }) => ({
      ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, short(value)])),
      discrepancies: discrepancies.length,
    })),
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
