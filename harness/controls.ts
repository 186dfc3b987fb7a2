import type { DeviceBehaviour } from '../simulator';

/** A device of the simulator, and a claim token of it. */
export interface Device {
  claimToken: string;
  deviceUuid: string;
}

/** The properties of a claimed device that the demo reads. */
export interface ClaimedDevice {
  id: string;
  tags: string[];
}

/** The simulator's controls over HTTP: what devices and other accounts do, beside the flow. */
export class Controls {
  /** @param url URL of the controls, without a trailing slash */
  constructor(private readonly url: string) {}

  /** Makes devices, each with a claim token. */
  async mint(count: number): Promise<Device[]> {
    const { tokens } = (await this.#post('/tokens', { count })) as { tokens: Device[] };
    return tokens;
  }

  /** Lets another account claim a device. */
  async giveAway(device: Device): Promise<void> {
    await this.#post('/claim-by-other', { deviceUuid: device.deviceUuid });
  }

  /**
   * Changes how devices behave.
   * @param target a device UUID, `tag:<name>` or `default`
   */
  async setBehaviour(target: string, change: Partial<DeviceBehaviour>): Promise<void> {
    await this.#post('/behaviour', { target, change });
  }

  /** The claimed devices, and how often each device was claimed. */
  async state(): Promise<{ devices: ClaimedDevice[]; claims: Record<string, number> }> {
    const response = await fetch(`${this.url}/state`);
    return (await response.json()) as { devices: ClaimedDevice[]; claims: Record<string, number> };
  }

  async #post(path: string, body: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`The simulator's ${path}: HTTP ${response.status}: ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }
}
