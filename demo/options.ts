import { parseArgs } from 'node:util';

/** The demo's command line options. */
export interface DemoOptions {
  help: boolean;
  /** Run all checks, print the results, and end. */
  once: boolean;
  /** Maximum seconds for `once`. */
  timeLimit: number;
  /** The preferred ports; 0 = any free one. */
  ports: { nodeRed: number; mqtt: number; simulator: number; summary: number };
}

/** Used if they are free. */
const PORTS = { nodeRed: 1880, mqtt: 1883, simulator: 4270 };
const TIME_LIMIT_S = 60;

export const HELP = `Starts Node-RED with flows that claim and onboard devices, an MQTT broker, and a simulator of nRF Cloud.
Nothing leaves this computer.

  npm run demo -- [options]
    --once                  claim devices in every way, follow a batch until it is onboarded, print the results, and end
    --time-limit <s>        maximum seconds for --once (${TIME_LIMIT_S})
    --port <n>              port of Node-RED (${PORTS.nodeRed})
    --mqtt-port <n>         port of the MQTT broker (${PORTS.mqtt})
    --simulator-port <n>    port of the simulator (${PORTS.simulator}); its controls are on the next port
    --help                  print this

A port that is in use is replaced by a free one, which is printed. With --once, ports that are not given are free ones.
`;

/**
 * Reads the command line.
 * @throws {TypeError} with a sentence for the user
 */
export function readOptions(argv: string[]): DemoOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: argv,
    options: {
      help: { type: 'boolean', default: false },
      once: { type: 'boolean', default: false },
      'time-limit': text,
      port: text,
      'mqtt-port': text,
      'simulator-port': text,
    },
  });
  const { help, once } = values;
  const wanted = once ? { nodeRed: 0, mqtt: 0, simulator: 0 } : PORTS;
  const simulator = readPort('simulator-port', values['simulator-port']) ?? wanted.simulator;
  return {
    help,
    once,
    timeLimit: readNumber('time-limit', values['time-limit'], 86_400) ?? TIME_LIMIT_S,
    ports: {
      nodeRed: readPort('port', values.port) ?? wanted.nodeRed,
      mqtt: readPort('mqtt-port', values['mqtt-port']) ?? wanted.mqtt,
      simulator,
      summary: simulator === 0 ? 0 : simulator + 1,
    },
  };
}

function readPort(name: string, text: string | undefined): number | undefined {
  return readNumber(name, text, 65_534);
}

function readNumber(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > max) {
    throw new TypeError(`--${name} must be a whole number up to ${max}, not "${text}".`);
  }
  return number;
}
