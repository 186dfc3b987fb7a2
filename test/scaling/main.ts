import { installCommand } from './programs';
import { throughputAndDeath } from './throughput';

async function main(): Promise<void> {
  const command = installCommand();
  if (command !== undefined) throw new Error(`Programs are missing; as root, run: ${command}`);
  const { rows, death } = await throughputAndDeath(Number(process.env['SCALING_TOKENS'] ?? 800));
  console.table(rows.map(({ discrepancies, ...row }) => ({ ...row, discrepancies: discrepancies.length })));
  console.table([death]);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
});
