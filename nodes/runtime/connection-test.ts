import type { NodeAPI } from 'node-red';
import { testConnection, type ConnectionTestResult } from '../api/connection-test';
import { DEFAULT_BASE_URL, parseBaseUrl } from '../http/base-url';
import { Abort } from '../util/abort';
import { isObject } from '../util/json';
import {
  configWithVariables,
  connectionNode,
  createClient,
  keyWarnings,
  storedKey,
  variableOf,
  withVariables,
  type ConnectionNode,
} from './connection';
import type { Config } from './inputs';
import { InvalidSetting } from './settings';

/** What the dialog sends: its fields as they are, saved or not. */
export interface ConnectionTestRequest {
  /** The deployed connection that the dialog is about, if there is one. */
  id?: unknown;
  config?: unknown;
  /** The key as typed; absent if the field still shows the stored key. */
  apiKey?: unknown;
}

/**
 * A URL whose host, or scheme and host, is one variable. Nobody but the variable decides where its value is sent then, which
 * no longer holds for two variables, or for text around the host: the value may begin with a slash.
 */
const HOST_IS_VARIABLE = /^\s*(?:https?:\/\/)?\$\{([^}]+)\}(?::\d+)?(?:\/[^$]*)?$/i;
const VARIABLE = /\$\{([^}]+)\}/;

/** Longest time of one request of a test, in seconds: a person is waiting in front of the dialog. */
const TEST_TIMEOUT_S = 10;

/** Tests a connection as the dialog shows it, without saving it. Never rejects: what is wrong is the test's result. */
export async function runConnectionTest(RED: NodeAPI, request: ConnectionTestRequest): Promise<ConnectionTestResult> {
  try {
    return await test(RED, request);
  } catch (error) {
    return { reachable: false, generations: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

async function test(RED: NodeAPI, { id, config, apiKey }: ConnectionTestRequest): Promise<ConnectionTestResult> {
  const node = connectionNode(RED, id);
  const fields = isObject(config) ? config : {};
  const settings = configWithVariables(RED, node, { ...fields, retries: 0, timeout: TEST_TIMEOUT_S });
  const origins = originsOf(settings);
  const hidden = hiddenHosts(node, fields, settings);
  const typed = typeof apiKey === 'string' ? apiKey : undefined;
  const key = keyFor(RED, node, typed, origins);
  const [guide, current] = (['guide', 'current'] as const).map((api) =>
    createClient(RED, { ...settings, api }, key, true),
  ) as [ReturnType<typeof createClient>, ReturnType<typeof createClient>];
  try {
    const { problem, ...result } = await testConnection({ guide, current }, { signal: new Abort(), lane: 'test' });
    const warnings = [...keyWarnings(key), ...(result.warnings ?? [])];
    return {
      ...result,
      ...(warnings.length === 0 ? {} : { warnings: warnings.map((text) => withoutHosts(text, hidden)) }),
      ...(problem === undefined ? {} : { problem: withoutHosts(problem, hidden) }),
    };
  } finally {
    await Promise.all([guide.close(), current.close()]);
  }
}

/** The origins that the key would be sent to. @throws {RangeError} for a URL that cannot be used */
function originsOf({ baseUrl, deviceApiUrl }: Config): string[] {
  const base = typeof baseUrl === 'string' && baseUrl.trim() !== '' ? baseUrl : DEFAULT_BASE_URL;
  const isGiven = typeof deviceApiUrl === 'string' && deviceApiUrl.trim() !== '';
  return (isGiven ? [base, deviceApiUrl] : [base]).map((url) => parseBaseUrl(url).origin);
}

/**
 * The hosts that come from variables, by what is shown instead of them: a test must not tell what a variable holds.
 * Variables in a URL are only used where the deployed connection sends its requests anyway, or as its host: else anyone who
 * may press the button could have a secret sent to a host of theirs.
 * @throws {InvalidSetting} for a URL with any other variable
 */
function hiddenHosts(node: ConnectionNode | undefined, fields: Config, settings: Config): Map<string, string> {
  const hosts = new Map<string, string>();
  for (const name of ['baseUrl', 'deviceApiUrl']) {
    const text = fields[name];
    const variable = typeof text === 'string' ? VARIABLE.exec(text)?.[1] : undefined;
    if (variable === undefined) continue;
    const { origin } = parseBaseUrl(settings[name] as string);
    if (node?.client?.origins.includes(origin) === true) continue;
    if (!HOST_IS_VARIABLE.test(text as string)) {
      throw new InvalidSetting(
        `the environment variable ${variable} (for ${name}) is only used as the whole host, or for the host of a deployed connection; deploy it first, or enter the value`,
        name,
      );
    }
    hosts.set(new URL(origin).hostname, `\${${variable}}`);
  }
  return hosts;
}

function withoutHosts(text: string, hosts: ReadonlyMap<string, string>): string {
  let shown = text;
  for (const [host, instead] of hosts) shown = shown.replaceAll(host, () => instead);
  return shown;
}

/**
 * The key to test with. The stored key, and a variable in a typed one, are only used where the deployed connection sends
 * its key anyway: else anyone who may press the button could have a secret sent to a host of theirs.
 * @throws {InvalidSetting}
 */
function keyFor(
  RED: NodeAPI,
  node: ConnectionNode | undefined,
  typed: string | undefined,
  origins: string[],
): string | undefined {
  const isDeployed = origins.every((origin) => node?.client?.origins.includes(origin) === true);
  if (typed === undefined) {
    const stored = node && storedKey(RED, node);
    if (stored === undefined || isDeployed) return stored;
    throw new InvalidSetting(
      'the stored API key belongs to another host; type the key again to test this one',
      'apiKey',
    );
  }
  const variable = VARIABLE.exec(typed)?.[1];
  // One that is not set has nothing to give away, and that is what to say first.
  const isUnset = variable !== undefined && variableOf(RED, node, variable) === undefined;
  if (variable === undefined || isUnset || isDeployed) return withVariables(RED, node, typed, 'apiKey', 'the API key');
  throw new InvalidSetting(
    `the environment variable ${variable} is only used for the host of a deployed connection; deploy it first, or type the key`,
    'apiKey',
  );
}
