import { resolve } from 'node:path';
import { startChild, type Child } from './child';

const PROGRAM = resolve(__dirname, '../simulator/main.ts');

/** The simulator in a process of its own, so that it can fail like a real service: all at once. */
export interface SimulatorProcess extends Child {
  /** Resolves with the base URL of the service, its API key, and the address of the simulator's controls. */
  readonly ready: Promise<{ url: string; apiKey: string; controls: string }>;
}

/** Starts the simulator on two ports that are free. */
export function startSimulatorProcess(port: number, summaryPort: number): SimulatorProcess {
  const said = { url: '', apiKey: '', controls: '' };
  const patterns = { url: /base URL +(\S+)/, apiKey: /API key +(\S+)/, controls: /controls +(\S+)\/state/ };
  const child = startChild({
    name: 'The simulator',
    program: PROGRAM,
    args: ['--port', String(port), '--summary-port', String(summaryPort)],
    nodeArgs: ['--import', 'tsx'],
    isReady: (line) => {
      for (const name of ['url', 'apiKey', 'controls'] as const) said[name] ||= patterns[name].exec(line)?.[1] ?? '';
      return Object.values(said).every((value) => value !== '');
    },
  });
  return { ...child, ready: child.ready.then(() => said) };
}
