import { installCommand } from './programs';
import { installStore } from './store';
import { shareTheLimit } from './limit';
import { takeover } from './takeover';
import { throughputAndDeath } from './throughput';

async function main(): Promise<void> {
  const command = installCommand();
  if (command !== undefined) throw new Error(`Programs are missing; as root, run: ${command}`);
  const wanted = process.argv.slice(2);
  if (wanted.includes('limit')) {
    console.table(await shareTheLimit(12));
    return;
  }
  if (wanted.includes('takeover')) {
    console.table([await takeover(installStore(), 20)]);
    return;
  }
  const { rows, death } = await throughputAndDeath(Number(process.env['SCALING_TOKENS'] ?? 800));
  console.table(rows.map(({ discrepancies, ...row }) => ({ ...row, discrepancies: discrepancies.length })));
  console.table([death]);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
});
