/** What the service did and told of commands and onboarded devices. */
export interface OnboardingCounts {
  /** Commands that were created, and devices that got more than one. */
  commands: number;
  repeated: number;
  /** Commands and devices whose end was told, each counted once. */
  succeeded: number;
  failed: number;
  onboarded: number;
}

/** One in this many commands fails on the device. */
const FAILED_EVERY = 10;
/** Look-ups after which a command has ended, or a device is onboarded. */
const LOOK_UPS = 3;

/** The part of the soak's service between a claim and a connected device. */
export class OnboardingRecords {
  readonly counts: OnboardingCounts = { commands: 0, repeated: 0, succeeded: 0, failed: 0, onboarded: 0 };
  readonly #devices = new Set<string>();
  /** Look-ups of each command and device. */
  readonly #lookUps = new Map<string, number>();

  /** @returns the status and the body, or `undefined` if the request is about something else */
  work(method: string | undefined, url: string): [number, unknown] | undefined {
    const [path = '', query] = url.split('?');
    const [, device, command] = /^\/v1\/claimed-devices\/([^/]+)\/provisioning(?:\/([^/]+))?$/.exec(path) ?? [];
    if (device !== undefined && method === 'POST') return this.#create(device);
    if (command !== undefined) return this.#show(command);
    // A service need not have a list of commands.
    if (device !== undefined) return [404, { message: 'not found' }];
    if (path === '/device/v1/devices') return [200, { items: this.#list(new URLSearchParams(query)) }];
    const id = /^\/device\/v1\/devices\/([^/]+)$/.exec(path)?.[1];
    if (id === undefined) return undefined;
    return this.#isOnboarded(id) ? [200, { id }] : [404, { message: 'not found' }];
  }

  #create(device: string): [number, unknown] {
    if (this.#devices.has(device)) this.counts.repeated++;
    this.#devices.add(device);
    return [201, { id: `command-${++this.counts.commands}`, status: 'PENDING' }];
  }

  #show(id: string): [number, unknown] {
    const lookUps = this.#count(id);
    if (lookUps < LOOK_UPS) return [200, { id, status: lookUps === 1 ? 'PENDING' : 'IN_PROGRESS' }];
    const hasFailed = Number(id.split('-')[1]) % FAILED_EVERY === 0;
    if (lookUps === LOOK_UPS) this.counts[hasFailed ? 'failed' : 'succeeded']++;
    return [200, { id, status: hasFailed ? 'FAILED' : 'SUCCEEDED' }];
  }

  #list(query: URLSearchParams): { id: string }[] {
    const ids = query.get('deviceIds')?.split(',') ?? [];
    return ids.filter((id) => this.#isOnboarded(id)).map((id) => ({ id }));
  }

  #isOnboarded(id: string): boolean {
    const lookUps = this.#count(id);
    if (lookUps === LOOK_UPS) this.counts.onboarded++;
    return lookUps >= LOOK_UPS;
  }

  #count(id: string): number {
    const lookUps = (this.#lookUps.get(id) ?? 0) + 1;
    this.#lookUps.set(id, lookUps);
    return lookUps;
  }
}
