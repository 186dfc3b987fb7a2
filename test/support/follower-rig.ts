import type { Api } from '../../nodes/api/api';
import { NrfCloudError, type ErrorCode } from '../../nodes/api/errors';
import type { ApiRequest, ApiResponse } from '../../nodes/api/request';
import type { DeviceGroup, Follower } from '../../nodes/operations/followed-device';
import type { FollowEnd } from '../../nodes/operations/onboarding-diagnosis';
import { OnboardingFollower, type FollowSettings } from '../../nodes/operations/onboarding-follower';
import { Abort } from '../../nodes/util/abort';
import { stopClock } from './clock';

/** An error of the service, without an operation of its own. */
export function serviceError(code: ErrorCode, statusCode?: number): NrfCloudError {
  const facts = { operation: 'get onboarded device', attempts: 1, ...(statusCode && { statusCode }) } as const;
  return new NrfCloudError(code, `the service says ${code}`, facts);
}

/** A follower of devices on a stopped clock, with a service that knows the devices of two maps, and what was reported. */
export class FollowerRig {
  readonly clock = stopClock();
  readonly signal = new Abort();
  settings: FollowSettings = { until: 'onboarded', interval: 0.1, maxInterval: 0.4, pollRate: 1000 };
  /** Devices in device management and claimed devices, by their id. */
  readonly onboarded = new Map<string, object>();
  readonly claimed = new Map<string, object>();
  commands: object[] = [];
  /** Errors of operations. */
  readonly errors = new Map<string, Error>();
  /** What happens in the service before an operation, by the operation. */
  readonly before = new Map<string, () => void>();
  /** Milliseconds that the node has run longer than the clock. */
  ahead = 0;
  /** Operation and ids of each request, in the order of the alphabet, and when it was sent. */
  readonly requests: string[] = [];
  readonly times: number[] = [];
  readonly ends: [id: string, followers: number[], end: FollowEnd][] = [];
  readonly claims: number[][] = [];
  readonly failures: string[] = [];
  readonly troubles: boolean[] = [];
  changes = 0;

  readonly follower = new OnboardingFollower<DeviceGroup>({
    settings: () => this.settings,
    request: (work) => work({ send: this.#send } as unknown as Api),
    now: () => this.clock.now + this.ahead,
    signal: this.signal,
    onEnd: ({ id }, followers, end) => void this.ends.push([id, followers.map(({ index }) => index), end]),
    onClaimed: (followers) => {
      this.claims.push(followers.map(({ index }) => index));
      for (const { group } of followers) group.wasClaimed = () => true;
    },
    onFailure: ({ message }) => void this.failures.push(message),
    onTrouble: (trouble) => {
      if (this.troubles.at(-1) !== trouble) this.troubles.push(trouble);
    },
    onChange: () => {
      this.changes++;
    },
  });

  /** Follows devices for messages of their own. @param deadline on the node's clock */
  follow(ids: string, deadline: number | null = null, wasClaimed = false): void {
    for (const [index, id] of ids.split(' ').entries())
      this.follower.follow(id, id, followerOf(index, deadline, wasClaimed), 0);
  }

  /** The requests of an operation. */
  requestsOf(operation: string): string[] {
    return this.requests.filter((request) => request.startsWith(operation));
  }

  stop(): void {
    this.follower.close();
    this.clock.restore();
  }

  readonly #send = <T>(operation: string, { id, query, parse }: ApiRequest<T>): Promise<ApiResponse<T>> => {
    const state = query?.has('includeState') ? ' with state' : '';
    const ids = id ?? query?.get('deviceIds') ?? '';
    this.requests.push(`${operation} ${ids.split(',').sort().join()}${state}`.trim());
    this.times.push(this.clock.now);
    this.before.get(operation)?.();
    const error = this.errors.get(operation);
    if (error !== undefined) return Promise.reject(error);
    const body = this.#bodyOf(operation, ids);
    if (body === undefined) return Promise.reject(serviceError('NRFCLOUD_NOT_FOUND', 404));
    return Promise.resolve({ statusCode: 200, body: parse(body, 200) });
  };

  #bodyOf(operation: string, ids: string): unknown {
    if (operation === 'get onboarded device') return this.onboarded.get(ids);
    if (operation === 'get device') return this.claimed.get(ids);
    if (operation === 'list commands') return this.commands;
    if (operation === 'list rules') return [];
    const listed = ids === '' ? [...this.onboarded.keys()].slice(0, 1) : ids.split(',');
    return listed.flatMap((id) => this.onboarded.get(id) ?? []);
  }
}

/** A message's device. */
export function followerOf(index: number, deadline: number | null = null, wasClaimed = false): Follower<DeviceGroup> {
  return { group: { deadline, wasClaimed: () => wasClaimed }, index };
}
