import type { FastifyInstance } from 'fastify';

import type { DeviceBehaviour } from '../device/behaviour';
import type { FaultMatch, FaultRule } from '../faults/rule';
import type { MintOptions } from '../identity/mint';
import type { Simulator } from '../simulator';
import type { SettingsChange } from '../settings';

/** A fault as JSON: a regular expression comes as text. */
type JsonFault = Omit<FaultRule, 'match'> & {
  match?: Omit<FaultMatch, 'path'> & { path?: string; pathRegExp?: string };
};

interface OnboardBody {
  deviceUuid: string;
  id?: string;
  connected?: boolean;
}

interface EndBody {
  commandId: string;
  status: string;
  response?: unknown;
}

/** Most tokens and devices that one request makes: more would hold up everything else for long. */
const MOST_AT_ONCE = 100_000;

/**
 * The programmatic API over HTTP, for tests that run the simulator as a process of its own. Bodies and responses are
 * JSON; what cannot be used is 400 with a `message`. No key: the port is on loopback.
 */
export function addControls(app: FastifyInstance, simulator: Simulator): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    reply.code(error instanceof TypeError ? 400 : (error.statusCode ?? 400)).send({ message: error.message }),
  );

  app.post<{ Body: (MintOptions & { count?: number }) | undefined }>('/_simulator/tokens', ({ body }) => {
    const { count, ...options } = body ?? {};
    return { tokens: Array.from({ length: checkCount(count) }, () => simulator.mint(options)) };
  });
  app.post<{ Body: { count?: number; tags?: string[] } | undefined }>('/_simulator/fill', ({ body }) => ({
    ids: simulator.fill(checkCount(body?.count), body?.tags),
  }));
  app.post<{ Body: JsonFault | JsonFault[] }>('/_simulator/faults', ({ body }) => {
    const rules = [body].flat().map(readFault);
    for (const rule of rules) simulator.faults.add(rule);
    return { added: rules.length };
  });
  app.delete('/_simulator/faults', (_request, reply) => {
    simulator.faults.clear();
    return reply.code(204).send();
  });
  app.post<{ Body: SettingsChange }>('/_simulator/set', ({ body }) => {
    simulator.set(body);
    return simulator.settings;
  });
  app.post<{ Body: { deviceUuid: string } }>('/_simulator/claim-by-other', ({ body }, reply) => {
    simulator.claimByOther(body.deviceUuid);
    return reply.code(204).send();
  });
  app.post<{ Body: { deviceUuid: string } }>('/_simulator/release-by-other', ({ body }, reply) => {
    simulator.releaseByOther(body.deviceUuid);
    return reply.code(204).send();
  });
  app.post<{ Body: { deviceUuid: string } }>('/_simulator/contact', ({ body }) => simulator.contact(body.deviceUuid));
  app.post<{ Body: { target: string; change: Partial<DeviceBehaviour> } }>(
    '/_simulator/behaviour',
    ({ body }, reply) => {
      simulator.setDeviceBehaviour(body.target, body.change);
      return reply.code(204).send();
    },
  );
  app.post<{ Body: Record<string, unknown> }>('/_simulator/rules', ({ body }) => simulator.addRule(body));
  app.post<{ Body: OnboardBody }>('/_simulator/onboard', ({ body: { deviceUuid, ...options } }, reply) => {
    simulator.onboard(deviceUuid, options);
    return reply.code(204).send();
  });
  app.get<{ Params: { id: string } }>('/_simulator/commands/:id', ({ params }) => ({
    commands: simulator.commands(params.id),
  }));
  app.post<{ Params: { id: string }; Body: EndBody }>('/_simulator/commands/:id/end', ({ params, body }, reply) => {
    const { commandId, ...end } = body;
    return reply.code(simulator.endCommand(params.id, commandId, end) ? 204 : 404).send();
  });
  app.delete<{ Params: { id: string } }>('/_simulator/operations/:id', ({ params }, reply) =>
    reply.code(simulator.forgetOperation(params.id) ? 204 : 404).send(),
  );
  app.get('/_simulator/requests', () => ({ requests: simulator.requests }));
  app.delete('/_simulator/requests', (_request, reply) => {
    simulator.requests.length = 0;
    return reply.code(204).send();
  });
  app.get<{ Querystring: { brief?: string } }>('/_simulator/state', ({ query }) =>
    state(simulator, query.brief === 'true'),
  );
}

function state(simulator: Simulator, brief: boolean): Record<string, unknown> {
  const { url, deviceApiUrl, summaryUrl, counters, inFlight, maxInFlight, summaryVisits, claims } = simulator;
  return {
    url,
    deviceApiUrl,
    summaryUrl,
    requestCount: simulator.requestCount,
    counters,
    inFlight,
    maxInFlight,
    claimCount: claims.size,
    onboardedCount: simulator.onboardedCount,
    /** Devices that were claimed more often than once. */
    claimedAgain: [...claims].filter(([, count]) => count > 1).map(([id]) => id),
    summaryVisits: summaryVisits.length,
    authorizationSeenAtSummaryHost: summaryVisits.filter((visit) => visit.authorization).length,
    ...(!brief && {
      devices: simulator.devices(),
      claims: Object.fromEntries(claims),
      tags: simulator.tags(),
      rules: simulator.rules(),
      onboarded: simulator.onboarded(),
      operations: simulator.operations(),
    }),
  };
}

function checkCount(count: unknown): number {
  if (count === undefined) return 1;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > MOST_AT_ONCE) {
    throw new TypeError(`count is a whole number up to ${MOST_AT_ONCE}.`);
  }
  return count;
}

function readFault({ match, ...rule }: JsonFault): FaultRule {
  if (!match) return rule;
  const { pathRegExp, ...others } = match;
  return { ...rule, match: { ...others, ...(pathRegExp !== undefined && { path: new RegExp(pathRegExp) }) } };
}
