/** What the demo does with its simulator beside the flow: the part of a device, and of its owner's neighbour. */

/** A device of the simulator, and a token that it would answer. */
export interface Device {
  claimToken: string;
  deviceUuid: string;
}

/** A claimed device, as far as the demo looks at it. */
export interface ClaimedDevice {
  id: string;
  tags: string[];
}

/** The simulator's controls over HTTP. */
export class Controls {
  /** @param url address of the controls, without a trailing slash */
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

  /** What the service has: the claimed devices, and how often each was claimed. */
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
    if (!response.ok) throw new Error(`The simulator's ${path} answers ${response.status}: ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }
}
