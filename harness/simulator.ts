import { resolve } from 'node:path';
import { startChild, type Child } from './child';

const PROGRAM = resolve(__dirname, '../simulator/main.ts');
/** The lines of the simulator's output that name its URLs and its API key. */
const PATTERNS = {
  url: /base URL +(\S+)/,
  deviceApiUrl: /device API URL +(\S+)/,
  apiKey: /API key +(\S+)/,
  controls: /controls +(\S+)\/state/,
} as const;

/** Base URL of the service, URL of the device management API, API key, and URL of the simulator's controls. */
type SimulatorAccess = Record<keyof typeof PATTERNS, string>;

/** The simulator in a process of its own, so that it can fail as a whole, as a real service does. */
export interface SimulatorProcess extends Child {
  /** Resolves when the simulator listens. */
  readonly ready: Promise<SimulatorAccess>;
}

/** Starts the simulator on two ports that are free; the device management API takes any free port. */
export function startSimulatorProcess(port: number, summaryPort: number): SimulatorProcess {
  const access: SimulatorAccess = { url: '', deviceApiUrl: '', apiKey: '', controls: '' };
  const names = Object.keys(PATTERNS) as (keyof SimulatorAccess)[];
  const child = startChild({
    name: 'The simulator',
    program: PROGRAM,
    args: ['--port', String(port), '--summary-port', String(summaryPort)],
    nodeArgs: ['--import', 'tsx'],
    isReady: (line) => {
      for (const name of names) access[name] ||= PATTERNS[name].exec(line)?.[1] ?? '';
      return names.every((name) => access[name] !== '');
    },
  });
  return { ...child, ready: child.ready.then(() => access) };
}
