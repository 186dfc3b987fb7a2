import type { Api } from '../api/api';
import { dryRunClaim } from '../api/claims';
import { getAccount } from '../api/device-management';
import { probeDevices } from '../api/devices';
import { hasCode, isFromElsewhere, NrfCloudError, saysNotFound } from '../api/errors';
import type { LoadReport } from '../api/load';
import { listRules, stateOfRule, tagsOfRule } from '../api/rules';
import { readTagNames, type TagNames } from '../api/tags';
import { withSource } from '../api/with-source';
import { parseClaimToken } from '../parse/claim-token';
import { parseChosenTags, parseTags } from '../parse/tags';
import { sanitize } from '../util/sanitize';

/** One thing that was looked at. */
interface Check {
  name: 'connection' | 'key' | 'account' | 'role' | 'api' | `tag:${string}` | 'rule' | 'dryRun';
  /** `null` = not known. */
  ok: boolean | null;
  /** A sentence: what was found, and what to do. */
  message: string;
}

/** What will be used for claiming. */
export interface CheckInputs {
  tags: string[];
  /** Of the token for a dry run. */
  token: { claimToken: string; deviceId: string } | undefined;
}

/** What a check found. */
export interface CheckReport {
  /** No check is false. */
  ready: boolean;
  checks: Check[];
}

/** Roles that may claim (nRF Cloud's documentation), and the one that may not. */
const WRITERS = new Set(['owner', 'admin', 'editor']);
const READER = 'viewer';

const NOT_ASKED = 'not known, as the service could not be asked';

/**
 * Reads what a check is about.
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
 */
export function readCheckInputs(
  { tags, token }: { tags: unknown; token: unknown },
  source: { tags: string; token: string },
): CheckInputs {
  const isGiven = token !== undefined && token !== null && token !== '';
  // As in a claim: tags that are missing would make a claim fail that was reported as ready.
  const readTags = source.tags === 'msg.tags' ? parseTags : parseChosenTags;
  return {
    tags: withSource('claim', source.tags, () => readTags(tags)),
    token: isGiven ? withSource('claim', source.token, () => parseClaimToken(token)) : undefined,
  };
}

/** The report of a connection that cannot be used. */
export function reportUnusable(problem: NrfCloudError, inputs: CheckInputs): CheckReport {
  return reportOf([{ name: 'connection', ok: false, message: problem.message }, ...notAsked(inputs, 'key')]);
}

/**
 * The report of a check that sends nothing, so that it responds during a hold and an outage, too: whether the service can
 * be reached is known only while an outage lasts.
 */
export function reportLoad({ outageSince }: LoadReport): CheckReport {
  const name = 'connection';
  if (outageSince === null) return reportOf([{ name, ok: null, message: 'not checked, as only the load was read' }]);
  return reportOf([{ name, ok: false, message: `the service has been unavailable since ${outageSince}` }]);
}

/**
 * Looks whether everything is ready to claim. Changes nothing, and requests everything once.
 * @param onStatus called with the HTTP status of each response
 * @throws {NrfCloudError} `NRFCLOUD_CLOSED` only
 */
export async function check(
  api: Api,
  inputs: CheckInputs,
  onStatus: (statusCode: number) => void,
): Promise<CheckReport> {
  const checks = new Checker(api, inputs, onStatus);
  return reportOf(await checks.run());
}

class Checker {
  constructor(
    private readonly api: Api,
    private readonly inputs: CheckInputs,
    private readonly onStatus: (statusCode: number) => void,
  ) {}

  async run(): Promise<Check[]> {
    const { api, inputs } = this;
    const devices = await this.#try(() => probeDevices(api));
    const connection = connectionCheck(api, devices);
    if (connection.ok === false) return [connection, ...notAsked(inputs, 'key')];
    const key = keyCheck(api, devices);
    if (key.ok === false) return [connection, key, ...notAsked(inputs, 'account')];
    const [account, tags, rules] = await Promise.all([
      this.#try(() => getAccount(api, { sendOnce: true })),
      this.#try(() => readTagNames(api)),
      this.#try(() => listRules(api, { sendOnce: true })),
    ]);
    return [
      connection,
      key,
      ...accountChecks(account),
      apiCheck(api, tags),
      ...inputs.tags.map((tag) => tagCheck(tag, tags)),
      ruleCheck(inputs.tags, rules),
      ...(inputs.token === undefined ? [] : [await this.#dryRun(inputs.token)]),
    ];
  }

  async #dryRun(token: NonNullable<CheckInputs['token']>): Promise<Check> {
    const name = 'dryRun';
    const { api } = this;
    if (api.version === 'guide') {
      return { name, ok: null, message: 'the API version guide has no dry run; choose current in the connection' };
    }
    const found = await this.#try(() => dryRunClaim(api, token));
    if (!('error' in found)) {
      const isOwn = found.value.conflict !== undefined;
      return {
        name,
        ok: true,
        message: isOwn ? 'the device is claimed by this team already' : 'the device can be claimed',
      };
    }
    return { name, ok: isRefusal(found.error) ? false : null, message: found.error.message };
  }

  async #try<T>(work: () => Promise<T>): Promise<Found<T>> {
    try {
      const value = await work();
      const { statusCode } = value as { statusCode?: number };
      if (statusCode !== undefined) this.onStatus(statusCode);
      return { value };
    } catch (error) {
      if (!(error instanceof NrfCloudError) || hasCode(error, 'NRFCLOUD_CLOSED')) throw error;
      if (error.cause.statusCode !== undefined) this.onStatus(error.cause.statusCode);
      return { error };
    }
  }
}

type Found<T> = { value: T } | { error: NrfCloudError };

function reportOf(checks: Check[]): CheckReport {
  return { ready: checks.every(({ ok }) => ok !== false), checks };
}

/** The checks from one on, none of which can be made. */
function notAsked({ tags, token }: CheckInputs, first: 'key' | 'account'): Check[] {
  const names: Check['name'][] = [
    'account',
    'role',
    'api',
    ...tags.map((tag) => `tag:${tag}` as const),
    'rule',
    ...(token === undefined ? [] : (['dryRun'] as const)),
  ];
  const all = first === 'key' ? (['key', ...names] as const) : names;
  return all.map((name) => ({ name, ok: null, message: NOT_ASKED }));
}

function connectionCheck(api: Api, found: Found<unknown>): Check {
  const name = 'connection';
  if (!('error' in found)) return { name, ok: true, message: `${api.origin} responds` };
  const { statusCode } = found.error.cause;
  const responds = statusCode !== undefined && statusCode < 500 && !isFromElsewhere(found.error);
  return { name, ok: responds, message: responds ? `${api.origin} responds` : found.error.message };
}

function keyCheck(api: Api, found: Found<unknown>): Check {
  const name = 'key';
  const warning = api.usesOrganizationToken
    ? '; it begins with oat_, so it is an organization auth token, which device management refuses'
    : '';
  if (!('error' in found)) return { name, ok: true, message: `the service accepts the API key${warning}` };
  const isRefused = hasCode(found.error, 'NRFCLOUD_UNAUTHORIZED', 'NRFCLOUD_FORBIDDEN');
  return { name, ok: isRefused ? false : null, message: `${found.error.message}${warning}` };
}

function accountChecks(found: Found<Awaited<ReturnType<typeof getAccount>>>): Check[] {
  if ('error' in found) {
    const { error } = found;
    const isRefused = hasCode(error, 'NRFCLOUD_UNAUTHORIZED', 'NRFCLOUD_FORBIDDEN') && !isFromElsewhere(error);
    return [
      { name: 'account', ok: isRefused ? false : null, message: error.message },
      { name: 'role', ok: null, message: 'the role is not known, as the account could not be read' },
    ];
  }
  const { teamName, role } = found.value.body;
  const team =
    teamName === undefined ? 'the account responds, without the name of its team' : `the team is ${sanitize(teamName)}`;
  return [{ name: 'account', ok: true, message: team }, roleCheck(role)];
}

function roleCheck(role: string | undefined): Check {
  const name = 'role';
  if (role === undefined) return { name, ok: null, message: 'the account does not show the role of the API key' };
  const word = role.toLowerCase();
  if (WRITERS.has(word)) return { name, ok: true, message: `the role ${word} may claim` };
  if (word === READER) {
    return { name, ok: false, message: 'the role viewer may not claim; use the key of an Editor, Admin or Owner' };
  }
  return { name, ok: null, message: `it is not known whether the role ${sanitize(role)} may claim` };
}

function apiCheck(api: Api, tags: Found<unknown>): Check {
  const name = 'api';
  if (!('error' in tags)) return { name, ok: true, message: `the API version ${api.version} responds` };
  const { message } = tags.error;
  if (!saysNotFound(tags.error)) return { name, ok: null, message };
  const other = api.version === 'guide' ? 'current' : 'guide';
  return {
    name,
    ok: false,
    message: `the service does not know the paths of the API version ${api.version}; choose ${other} in the connection`,
  };
}

function tagCheck(tag: string, tags: Found<TagNames>): Check {
  const name = `tag:${tag}` as const;
  if ('error' in tags) return { name, ok: null, message: `the tags could not be read (${tags.error.message})` };
  const { names, areAllShown } = tags.value;
  if (names.includes(tag)) return { name, ok: true, message: 'the tag exists' };
  if (!areAllShown) {
    return {
      name,
      ok: null,
      message: 'it is not known whether the tag exists, as the list does not show the name of each tag',
    };
  }
  return { name, ok: false, message: 'the tag does not exist; create it' };
}

function ruleCheck(tags: readonly string[], found: Found<Awaited<ReturnType<typeof listRules>>>): Check {
  const name = 'rule';
  if ('error' in found) return { name, ok: null, message: `the rules could not be read (${found.error.message})` };
  if (tags.length === 0) {
    return { name, ok: null, message: 'no tags are given, so it is not known which rule is meant' };
  }
  const matching = found.value.body.filter((rule) => tagsOfRule(rule).some((tag) => tags.includes(tag)));
  if (matching.length === 0) {
    const message =
      'no provisioning rule carries one of the tags, so claimed devices get no credentials; create the rule';
    return { name, ok: false, message };
  }
  const states = matching.map(stateOfRule);
  if (states.includes('active'))
    return { name, ok: true, message: 'an active provisioning rule carries one of the tags' };
  if (states.includes(undefined)) {
    return { name, ok: null, message: 'a rule carries one of the tags, but it is not known whether it is active' };
  }
  return { name, ok: false, message: 'the rule that carries one of the tags is not active; activate it' };
}

/** Whether the service has decided, so that the check is made. */
function isRefusal(error: NrfCloudError): boolean {
  const isRefused = hasCode(
    error,
    'NRFCLOUD_CONFLICT',
    'NRFCLOUD_REJECTED',
    'NRFCLOUD_NOT_FOUND',
    'NRFCLOUD_FORBIDDEN',
  );
  return isRefused && !isFromElsewhere(error);
}
