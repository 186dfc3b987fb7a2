import type { NodeAPI } from 'node-red';
import { parseBaseUrl } from '../http/base-url';
import { testConnection, type ConnectionTestResult } from '../api/connection-test';
import { createClient, CONNECTION_TYPE, type ConnectionNode } from './connection';
import { variable } from './connection-problem';
import type { Config } from './inputs';
import { unsetVariable } from './settings';

/** What the dialog sends: its fields as they are, saved or not. */
interface TestRequest {
  id?: unknown;
  config?: unknown;
  /** The key as typed; absent if the field still stands for the stored key. */
  apiKey?: unknown;
}

/** Longest time of one request of a test, in seconds: somebody is waiting in front of the dialog. */
const TEST_TIMEOUT_S = 10;

/**
 * Serves the "Test connection" button: `POST <admin>/nrfcloud-connection/test`. Only for those who may change flows, as
 * it makes Node-RED send a request to an address of the caller's choice.
 */
export function serveConnectionTest(RED: NodeAPI): void {
  RED.httpAdmin.post(
    `/${CONNECTION_TYPE}/test`,
    RED.auth.needsPermission(`${CONNECTION_TYPE}.write`),
    (request, response) => {
      test(RED, (request.body ?? {}) as TestRequest).then(
        (result) => response.json(result),
        // That the settings can't be used is what the test found, not a failure of the test.
        (error: unknown) => response.json(notAsked(error)),
      );
    },
  );
}

async function test(RED: NodeAPI, { id, config, apiKey }: TestRequest): Promise<ConnectionTestResult> {
  const asked = typeof config === 'object' && config !== null ? (config as Config) : {};
  const node = typeof id === 'string' ? (RED.nodes.getNode(id) as ConnectionNode | null) : null;
  const filled = withVariables(RED, node, { ...asked, retries: 0, timeout: TEST_TIMEOUT_S });
  const key = typeof apiKey === 'string' ? String(withVariable(RED, node, apiKey)) : storedKey(node, filled['baseUrl']);
  const guide = createClient(RED, { ...filled, api: 'guide' }, key);
  const current = createClient(RED, { ...filled, api: 'current' }, key);
  try {
    return await testConnection({ guide, current }, { signal: new AbortController().signal, lane: 'test' });
  } finally {
    await Promise.all([guide.close(), current.close()]);
  }
}

function notAsked(error: unknown): ConnectionTestResult {
  return { reachable: false, generations: [], problem: error instanceof Error ? error.message : String(error) };
}

/**
 * The stored key, for a test to where it is used anyway. For another host it has to be typed: else whoever may press the
 * button could have the key sent to a host of theirs.
 */
function storedKey(node: ConnectionNode | null, baseUrl: unknown): string | undefined {
  const key = node?.credentials.apiKey;
  if (key === undefined) return undefined;
  if (node?.client?.origin !== parseBaseUrl(String(baseUrl)).origin) {
    throw new RangeError('the stored API key belongs to another host; type the key again to test this one');
  }
  return key;
}

function withVariables(RED: NodeAPI, node: ConnectionNode | null, config: Config): Config {
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, withVariable(RED, node, value)]));
}

/** The value of `${NAME}` as Node-RED puts it in at deployment; unset ones stay as they are. */
function withVariable(RED: NodeAPI, node: ConnectionNode | null, value: unknown): unknown {
  const name = unsetVariable(value);
  if (name === undefined) return value;
  return variable(RED, node ?? undefined, name) ?? value;
}
