import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { HELP, readCommand, type ServeCommand, type TokensOptions } from './cli';
import { startSimulator } from './index';
import { tokenRows } from './print-tokens';

/** One token of a device that the simulator does not mint soon, so that it stays claimable. */
const TOKEN_TO_PASTE: Omit<TokensOptions, 'seed'> = {
  count: 1,
  format: 'upload',
  tags: '',
  skip: 900_000,
  deviceType: 6,
  signed: true,
};

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
});

async function main(argv: readonly string[]): Promise<void> {
  const command = readCommand(argv);
  if (command.name === 'help') process.stdout.write(HELP);
  else if (command.name === 'tokens') await printTokens(command.options);
  else await serve(command);
}

async function serve({ options, behaviour }: ServeCommand): Promise<void> {
  const simulator = await startSimulator(options);
  simulator.setDeviceBehaviour('default', behaviour);
  const [row = ''] = tokenRows({ ...TOKEN_TO_PASTE, seed: options.seed ?? 'simulator' });
  process.stdout.write(
    [
      'Simulated nRF Cloud on this computer:',
      `  base URL         ${simulator.url}`,
      `  device API URL   ${simulator.deviceApiUrl}`,
      `  API key          ${simulator.settings.apiKey}`,
      `  API version      ${simulator.settings.api}`,
      `  error summaries  ${simulator.summaryUrl}`,
      `  controls         ${simulator.summaryUrl}/_simulator/state`,
      `  claim token      ${row.trim()}`,
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
    // The reader of `tokens 1000000 | head` has closed the pipe.
    if (!isSystemError(error) || error.code !== 'EPIPE') throw error;
  }
}

function explain(error: unknown): string {
  if (isSystemError(error) && error.code === 'EADDRINUSE') {
    return `Port ${error.port ?? ''} is in use. Stop what uses it, or choose another with --port, --summary-port or --device-api-port.`;
  }
  return error instanceof Error ? error.message : String(error);
}

function isSystemError(error: unknown): error is Error & { code: string; port?: number } {
  return error instanceof Error && 'code' in error;
}
