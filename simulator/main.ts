import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { HELP, readCommand, type TokensOptions } from './cli';
import { startSimulator, type SimulatorOptions } from './index';
import { tokenRows } from './print-tokens';

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
});

async function main(argv: readonly string[]): Promise<void> {
  const command = readCommand(argv);
  if (command.name === 'help') process.stdout.write(HELP);
  else if (command.name === 'tokens') await printTokens(command.options);
  else await serve(command.options);
}

async function serve(options: SimulatorOptions): Promise<void> {
  const simulator = await startSimulator(options);
  process.stdout.write(
    [
      'The nRF Cloud Provisioning Service, played on this computer:',
      `  base URL         ${simulator.url}`,
      `  API key          ${simulator.settings.apiKey}`,
      `  paths            ${simulator.settings.api}`,
      `  error summaries  ${simulator.summaryUrl}`,
      `  controls         ${simulator.summaryUrl}/_simulator/state`,
      'Stop it with Ctrl+C.',
      '',
    ].join('\n'),
  );
  const stop = (): void => void simulator.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

async function printTokens(options: TokensOptions): Promise<void> {
  try {
    await pipeline(Readable.from(tokenRows(options)), process.stdout, { end: false });
  } catch (error) {
    // `tokens 1000000 | head` has seen enough: no failure.
    if (!isSystemError(error) || error.code !== 'EPIPE') throw error;
  }
}

function explain(error: unknown): string {
  if (isSystemError(error) && error.code === 'EADDRINUSE') {
    return `Port ${error.port ?? ''} is in use. Stop what uses it, or choose another with --port or --summary-port.`;
  }
  return error instanceof Error ? error.message : String(error);
}

function isSystemError(error: unknown): error is Error & { code: string; port?: number } {
  return error instanceof Error && 'code' in error;
}
