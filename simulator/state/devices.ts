import type { Tag } from './tags';

/** A claimed device, as the simulator keeps it. */
export interface Device {
  /** The device UUID inside its token. */
  readonly id: string;
  readonly deviceType: number;
  readonly firmwareId: string;
  readonly imei: string;
  readonly tags: readonly Tag[];
  readonly claimedAt: number;
  blocked: boolean;
  /** Place in the order of claims. Never used twice, so that a page can go on after any device. */
  readonly sequence: number;
  /** No longer claimed, but still in the list until it is swept. */
  gone: boolean;
}

/** A page of devices; `next` is the sequence number that the following page starts after. */
export interface DevicePage {
  devices: Device[];
  next?: number;
}

/** The devices of the team in the order of their claims, and those that belong to another. */
export class Devices {
  /** How often each device was really claimed. More than once without an unclaim is a bug of the simulator. */
  readonly claims = new Map<string, number>();
  private readonly byId = new Map<string, Device>();
  private readonly elsewhere = new Set<string>();
  private ordered: Device[] = [];
  private sequence = 0;

  get count(): number {
    return this.byId.size;
  }

  find(id: string): Device | undefined {
    return this.byId.get(id);
  }

  /** The claimed devices, oldest claim first. */
  *all(): Generator<Device> {
    for (const device of this.ordered) if (!device.gone) yield device;
  }

  isOfOtherTeam(id: string): boolean {
    return this.elsewhere.has(id);
  }

  /** Gives a device to another team. */
  assignToOtherTeam(id: string): void {
    this.elsewhere.add(id);
  }

  /** The other team unclaims. */
  releaseFromOtherTeam(id: string): void {
    this.elsewhere.delete(id);
  }

  add(device: Omit<Device, 'sequence' | 'gone' | 'blocked'>): Device {
    const added: Device = { ...device, blocked: false, gone: false, sequence: ++this.sequence };
    this.byId.set(added.id, added);
    this.ordered.push(added);
    this.claims.set(added.id, (this.claims.get(added.id) ?? 0) + 1);
    return added;
  }

  remove(device: Device): void {
    device.gone = true;
    this.byId.delete(device.id);
    // Sweeping at every removal would make unclaiming all of a large fleet quadratic.
    if (this.ordered.length > 2 * this.byId.size + 1000) this.ordered = this.ordered.filter((one) => !one.gone);
  }

  /**
   * Devices claimed after the one with this sequence number. Costs what the page holds, not what the list does.
   * @param limit most devices on the page
   */
  page(after: number, limit: number, wanted?: (device: Device) => boolean): DevicePage {
    const devices: Device[] = [];
    for (let index = this.firstAfter(after); index < this.ordered.length; index++) {
      const device = this.ordered[index]!;
      if (device.gone || wanted?.(device) === false) continue;
      if (devices.length === limit) return { devices, next: devices.at(-1)?.sequence ?? after };
      devices.push(device);
    }
    return { devices };
  }

  private firstAfter(sequence: number): number {
    let low = 0;
    let high = this.ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ordered[middle]!.sequence > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
