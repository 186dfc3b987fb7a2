import { parseArgs } from 'node:util';

import type { DeviceBehaviour, SimulatorOptions } from './index';
import type { Settings } from './settings';

/** Starts the simulator. */
export interface ServeCommand {
  name: 'serve';
  options: SimulatorOptions;
  /** How devices behave unless told otherwise. */
  behaviour: Partial<DeviceBehaviour>;
}

/** What the command line asks for. */
export type Command = { name: 'help' } | ServeCommand | { name: 'tokens'; options: TokensOptions };

/** What `tokens` prints. */
export interface TokensOptions {
  count: number;
  /** `upload`: the service's CSV; `gather`: the four columns of Nordic's own tool. */
  format: 'upload' | 'gather';
  seed: string;
  /** Comma-separated, for the second column of `upload`; empty = no second column. */
  tags: string;
  /** How many devices of the seed to leave out. */
  skip: number;
  deviceType: number;
  signed: boolean;
}

const DEFAULT_PORT = 4270;
const DEFAULT_SUMMARY_PORT = 4271;
const DEFAULT_DEVICE_API_PORT = 4272;

export const HELP = `Simulates the nRF Cloud Provisioning Service and device management on this computer.

  npm run simulator -- [options]          starts it
    --port <n>              port of the service (${DEFAULT_PORT}; 0 = any free one)
    --summary-port <n>      port of error summaries and controls (${DEFAULT_SUMMARY_PORT}; 0 = any free one)
    --device-api-port <n>   port of device management (${DEFAULT_DEVICE_API_PORT}; 0 = any free one)
    --api <version>         guide, current or both (both)
    --api-key <key>         the key it wants (sim-key)
    --viewer-key <key>      a key that may only read; may be repeated
    --seed <text>           what devices and ids are derived from (simulator)
    --latency <ms>          milliseconds before every answer, or a range such as 20-80 (0)
    --rate <n>              most requests per second, 0 = no limit (0)
    --contact-after <ms>    when a device contacts the service after its claim, or never (10000)
    --contact-every <ms>    when it contacts the service again, or never (never)
    --onboard-after <ms>    when device management has it after its key was generated, or never (10000)
    --state-after <ms>      when it has reported state after that, or never (5000)
    --role <role>           role of the key: owner, admin, editor or viewer (editor)
    --device-api-rate <n>   most requests per second of device management, 0 = no limit (0)
    --page-size <n>         devices per page (100)
    --bulk-pending <ms>     how long a bulk operation is PENDING (10)
    --bulk-progress <ms>    how long it is IN_PROGRESS (10)
    --error-summary <form>  current, older, text, missing, expired, notfound, huge, hang or redirect (current)
    --reclaim <answer>      claiming one's own device again: conflict or ok (conflict)
    --undefined-tags <what> create or refuse (create)
    --accept-unknown        accept tokens of devices that it did not make
    --unverified            do not verify signatures
    --no-record             do not keep requests

  npm run --silent simulator -- tokens <count> [options]     prints claim tokens as CSV
    --format <form>         upload (token, tags) or gather (imei, uuid, token, time) (upload)
    --tags <a,b>            tags for every row of an upload
    --seed <text>           as above
    --skip <n>              leave out the first n devices of the seed (0)
    --device-type <n>       1 to 6 are known parts (6, nRF9151 LACA)
    --unsigned              a stand-in for the signature: fast, only for --unverified

  --help                    prints this
`;

/**
 * Reads the command line.
 * @throws TypeError with a sentence for the user
 */
export function readCommand(argv: readonly string[]): Command {
  const isTokens = argv[0] === 'tokens';
  const { values, positionals } = isTokens ? parseTokens(argv.slice(1)) : parseServe(argv);
  if (values.help) return { name: 'help' };
  if (isTokens) return { name: 'tokens', options: readTokens(values, positionals) };
  if (positionals[0] !== undefined) throw new TypeError(`There is no command "${positionals[0]}".`);
  return { name: 'serve', options: readServe(values), behaviour: readBehaviour(values) };
}

type ServeValues = ReturnType<typeof parseServe>['values'];
type TokenValues = ReturnType<typeof parseTokens>['values'];

function parseServe(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      port: text,
      'summary-port': text,
      'device-api-port': text,
      'contact-after': text,
      'contact-every': text,
      'onboard-after': text,
      'state-after': text,
      role: text,
      'device-api-rate': text,
      api: text,
      'api-key': text,
      'viewer-key': { type: 'string', multiple: true },
      seed: text,
      latency: text,
      rate: text,
      'page-size': text,
      'bulk-pending': text,
      'bulk-progress': text,
      'error-summary': text,
      reclaim: text,
      'undefined-tags': text,
      'accept-unknown': flag,
      unverified: flag,
      'no-record': flag,
      help: flag,
    },
  });
}

function parseTokens(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      format: text,
      tags: text,
      seed: text,
      skip: text,
      'device-type': text,
      unsigned: flag,
      help: flag,
    },
  });
}

/** Choices such as `api` are checked where the settings are. */
function readServe(values: ServeValues): SimulatorOptions {
  const change: Record<string, unknown> = {
    port: readNumber('port', values.port) ?? DEFAULT_PORT,
    summaryPort: readNumber('summary-port', values['summary-port']) ?? DEFAULT_SUMMARY_PORT,
    // A second simulator, started with a port of its own, must not collide with the usual port of the first.
    deviceApiPort:
      readNumber('device-api-port', values['device-api-port']) ??
      (values.port === undefined ? DEFAULT_DEVICE_API_PORT : 0),
    seed: values.seed,
    role: values.role,
    deviceApiRate: readNumber('device-api-rate', values['device-api-rate']),
    api: values.api,
    apiKey: values['api-key'],
    viewerKeys: values['viewer-key'],
    latency: readLatency(values.latency),
    rate: readNumber('rate', values.rate),
    pageSize: readNumber('page-size', values['page-size']),
    bulkPendingMs: readNumber('bulk-pending', values['bulk-pending']),
    bulkProgressMs: readNumber('bulk-progress', values['bulk-progress']),
    errorSummary: values['error-summary'],
    reclaim: values.reclaim,
    undefinedTags: values['undefined-tags'],
    acceptUnknownDevices: values['accept-unknown'],
    verify: values.unverified === true ? false : undefined,
    record: values['no-record'] === true ? false : undefined,
  };
  return withoutUndefined(change);
}

function readBehaviour(values: ServeValues): Partial<DeviceBehaviour> {
  return withoutUndefined({
    contactAfterMs: readTime('contact-after', values['contact-after']),
    contactEveryMs: readTime('contact-every', values['contact-every']),
    onboardAfterMs: readTime('onboard-after', values['onboard-after']),
    stateAfterMs: readTime('state-after', values['state-after']),
  });
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function readTokens(values: TokenValues, positionals: readonly string[]): TokensOptions {
  const { format = 'upload', seed = 'simulator', tags = '', unsigned = false } = values;
  const count = readNumber('count', positionals[0]);
  if (count === undefined || positionals.length > 1) throw new TypeError('Say how many tokens, e.g. "tokens 1000".');
  if (format !== 'upload' && format !== 'gather') throw new TypeError('--format is upload or gather.');
  return {
    count,
    format,
    seed,
    tags,
    skip: readNumber('skip', values.skip) ?? 0,
    deviceType: readNumber('device-type', values['device-type']) ?? 6,
    signed: !unsigned,
  };
}

function readLatency(text: string | undefined): Settings['latency'] | undefined {
  const range = /^(\d+)-(\d+)$/.exec(text ?? '');
  return range ? [Number(range[1]), Number(range[2])] : readNumber('latency', text);
}

function readTime(name: string, text: string | undefined): number | null | undefined {
  return text === 'never' ? null : readNumber(name, text);
}

function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new TypeError(`${name} is a whole number, not "${text}".`);
  return Number(text);
}
