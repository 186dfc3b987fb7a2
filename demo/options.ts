import { parseArgs } from 'node:util';

/** What the demo is asked for. */
export interface DemoOptions {
  help: boolean;
  /** Send tokens through both doors, print what came back, and end. */
  once: boolean;
  /** Seconds that `once` may take. */
  timeLimit: number;
  /** The ports that are wanted; 0 = any free one. */
  ports: { nodeRed: number; mqtt: number; simulator: number; summary: number };
}

/** Where the demo can be found, as long as nothing else is there. */
const PORTS = { nodeRed: 1880, mqtt: 1883, simulator: 4270 };
const TIME_LIMIT_S = 60;

export const HELP = `Starts Node-RED with a flow that claims devices, an MQTT broker, and a simulator of the nRF Cloud Provisioning
Service. Nothing of it leaves this computer.

  npm run demo -- [options]
    --once                  send tokens through both doors, print what came back, and end
    --time-limit <s>        seconds that --once may take (${TIME_LIMIT_S})
    --port <n>              port of Node-RED (${PORTS.nodeRed})
    --mqtt-port <n>         port of the MQTT broker (${PORTS.mqtt})
    --simulator-port <n>    port of the simulator (${PORTS.simulator}); its controls are on the next one
    --help                  prints this

A port that is taken is replaced by a free one, which is printed. With --once any free ports are used unless given.
`;

/**
 * Reads the command line.
 * @throws {TypeError} with a sentence for whoever typed it
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

function readNumber(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > most) {
    throw new TypeError(`--${name} must be a whole number up to ${most}, not "${text}".`);
  }
  return number;
}
