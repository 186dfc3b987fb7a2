import type { Api } from '../api/api';
import { listCommands, type Command } from '../api/commands';
import type { OnboardedDevice } from '../api/device-management';
import { getClaimedDevice, type Device } from '../api/devices';
import { NrfCloudError } from '../api/errors';
import { listRules, stateOfRule, tagsOfRule, type Rule } from '../api/rules';
import { sanitize } from '../util/sanitize';
import { hasEnded, hasSucceeded, HOW_TO_CONTACT, reasonOf } from './command-end';

/** Where a device is that is not onboarded; see the contract. */
type Stage = 'waiting' | 'onboarded' | 'failed' | 'unclaimed' | 'blocked';

/** Why a device is not onboarded. */
export interface Diagnosis {
  stage: Stage;
  /** A sentence for an operator. */
  reason: string;
}

/** What became of a device; with the HTTP status of the last response about it from device management, if one came. */
export type FollowEnd =
  | { isOnboarded: true; isConnected: boolean; body: OnboardedDevice; statusCode: number }
  | ({ isOnboarded: false; statusCode?: number } & Diagnosis);

/** What a node remembers of a device's claim. */
export interface ClaimMemory {
  wasClaimed: boolean;
  /** In milliseconds of the node's clock; -1 if it is claimed. */
  unclaimedSince: number;
}

/** How long a claimed device must be missing before it counts as unclaimed, in milliseconds (contract); tests shorten it. */
export const UNCLAIMED = { afterMs: 10 * 60_000 };

/** How long the rules that were read for a diagnosis are used, in milliseconds (our choice). */
const RULES_USED_MS = 60_000;

/** Something that was read, `undefined` if it is not there, or the error of reading it. */
type Reading<T> = { value: T } | { error: NrfCloudError };

/** Sends one request of a diagnosis, when it may be sent. */
export type SendRequest = <T>(work: (api: Api) => Promise<T>) => Promise<T>;

/** What is known of a device at the provisioning service. */
export interface ClaimState {
  device: Reading<Device | undefined>;
  /** Absent if it was not read, or if the service has no such list. */
  failedCommand?: Command;
}

/** Reads a claimed device, and its commands if it is there. */
export async function readClaimState(send: SendRequest, id: string): Promise<ClaimState> {
  const device = await attempt(() => send(async (api) => (await getClaimedDevice(api, id, { sendOnce: true }))?.body));
  if ('error' in device || device.value === undefined) return { device };
  const commands = await attempt(() => send((api) => listCommands(api, id, { sendOnce: true })));
  const failed = 'error' in commands ? undefined : failedCommandOf(commands.value);
  return failed === undefined ? { device } : { device, failedCommand: failed };
}

/** Reads the rules. */
export function readRules(send: SendRequest): Promise<Reading<Rule[]>> {
  return attempt(() => send(async (api) => (await listRules(api, { sendOnce: true })).body));
}

/** The rules, read once for all devices whose time is over at about the same time. */
export class RecentRules {
  #last: { readAt: number; reading: Promise<Reading<Rule[]>> } | undefined;

  constructor(private readonly send: SendRequest) {}

  /** @param now in milliseconds of the node's clock */
  read(now: number): Promise<Reading<Rule[]>> {
    if (this.#last === undefined || now - this.#last.readAt > RULES_USED_MS) {
      this.#last = { readAt: now, reading: readRules(this.send) };
    }
    return this.#last.reading;
  }
}

/**
 * What is known against a device that is not onboarded, so that it need not be followed any more.
 * @param memory changed by what was found
 * @param now in milliseconds of the node's clock
 */
export function knownAgainst(
  memory: ClaimMemory,
  { device, failedCommand }: ClaimState,
  now: number,
): Diagnosis | undefined {
  if ('error' in device) return undefined;
  if (device.value !== undefined) {
    memory.wasClaimed = true;
    memory.unclaimedSince = -1;
    return failedCommand === undefined ? undefined : failedDiagnosis(failedCommand);
  }
  if (!memory.wasClaimed) return undefined;
  if (memory.unclaimedSince < 0) memory.unclaimedSince = now;
  return now - memory.unclaimedSince >= UNCLAIMED.afterMs ? unclaimedDiagnosis() : undefined;
}

/** Says what was found about a device that has not been onboarded in time. */
export function diagnose({ device, failedCommand }: ClaimState, rules: Reading<Rule[]>): Diagnosis {
  if (failedCommand !== undefined) return failedDiagnosis(failedCommand);
  if ('error' in device) {
    return waiting(`the claimed device could not be read (${device.error.message}), so the cause is not known`);
  }
  if (device.value === undefined) {
    return waiting('the device is not among the claimed devices of this team, so it gets no credentials; claim it');
  }
  const { status, tags } = device.value;
  if (typeof status === 'string' && status.toUpperCase() === 'BLOCKED') {
    return { stage: 'blocked', reason: 'the device is blocked, so it cannot fetch its credentials; unblock it' };
  }
  return waiting(ruleReason(tags, rules));
}

/** The diagnosis of a device whose command failed. */
function failedDiagnosis(command: Command): Diagnosis {
  const reason = `${reasonOf(command)}; correct the cause, give the device its commands again, and make it contact the service: ${HOW_TO_CONTACT}`;
  return { stage: 'failed', reason };
}

/** The diagnosis of a device that was claimed, and is not any more. */
function unclaimedDiagnosis(): Diagnosis {
  const reason = 'the device was claimed by this team, and is not any more; claim it again';
  return { stage: 'unclaimed', reason };
}

/** The diagnosis of a device that is in device management, but has not connected in time. */
export function notConnectedDiagnosis(statusCode: number): Diagnosis & { statusCode: number } {
  const reason =
    'the device has its credentials, but has never reported state; check its network, SIM card and firmware, and restart it';
  return { stage: 'onboarded', reason, statusCode };
}

/** The diagnosis of a device that could not be looked up in device management. */
export function unknownDiagnosis(error: Error): Diagnosis & { statusCode?: number } {
  const reason = `device management could not be asked (${error.message}), so it is not known whether it is onboarded`;
  const statusCode = error instanceof NrfCloudError ? error.cause.statusCode : undefined;
  return { ...waiting(reason), ...(statusCode === undefined ? {} : { statusCode }) };
}

function waiting(reason: string): Diagnosis {
  return { stage: 'waiting', reason };
}

function ruleReason(tags: unknown, rules: Reading<Rule[]>): string {
  const contact = `make the device contact the service: ${HOW_TO_CONTACT}`;
  const notYet = 'the device has not fetched its credentials yet';
  if ('error' in rules) {
    return `${notYet}; the rules could not be read, so it is not known whether one is for it; ${contact}`;
  }
  if (!Array.isArray(tags)) {
    return `${notYet}; the service does not show its tags, so it is not known whether a rule is for it; ${contact}`;
  }
  const own = tags.filter((tag): tag is string => typeof tag === 'string');
  const matching = rules.value.filter((rule) => tagsOfRule(rule).some((tag) => own.includes(tag)));
  if (matching.length === 0) {
    const carried = own.length === 0 ? 'the device has no tags' : `its tags are ${sanitize(own.join(', '))}`;
    return `no provisioning rule is for the device (${carried}), so it gets no credentials unless a command gives them; create the rule or send the command, then ${contact}`;
  }
  const states = matching.map(stateOfRule);
  if (states.includes('active')) return `${notYet}, and an active rule is for it; ${contact}`;
  if (states.includes(undefined)) {
    return `${notYet}; a rule is for it, but it is not known whether that is active; look in the nRF Cloud portal, and ${contact}`;
  }
  return `the provisioning rule for the device is not active, so it gets no credentials; activate it in the nRF Cloud portal, then ${contact}`;
}

/** The command that failed, if the list shows one and no newer attempt is under way. */
function failedCommandOf(commands: Command[] | undefined): Command | undefined {
  if (commands === undefined || commands.some((command) => !hasEnded(command))) return undefined;
  const failed = commands.filter((command) => !hasSucceeded(command));
  // Those that were removed after it have no response.
  return failed.find((command) => command['response'] !== undefined || command['error'] !== undefined) ?? failed[0];
}

async function attempt<T>(work: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof NrfCloudError) return { error };
    throw error;
  }
}
