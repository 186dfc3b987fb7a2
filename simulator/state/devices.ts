import { OrderedMap, type Entry, type Page } from './ordered-map';
import type { Tag } from './tags';

/** A claimed device, as the simulator keeps it. `id` is the device UUID inside its token. */
export interface Device extends Entry {
  readonly deviceType: number;
  readonly firmwareId: string;
  readonly imei: string;
  readonly tags: readonly Tag[];
  readonly claimedAt: number;
  blocked: boolean;
}

/** A page of devices. */
export type DevicePage = Page<Device>;

/** The devices of the team in the order of their claims, and those of another team. */
export class Devices {
  /** How often each device was really claimed. More than once without an unclaim is a bug of the simulator. */
  readonly claims = new Map<string, number>();
  private readonly claimed = new OrderedMap<Device>();
  private readonly otherTeam = new Set<string>();

  find(id: string): Device | undefined {
    return this.claimed.find(id);
  }

  /** The claimed devices, oldest claim first. */
  all(): Generator<Device> {
    return this.claimed.all();
  }

  isOfOtherTeam(id: string): boolean {
    return this.otherTeam.has(id);
  }

  assignToOtherTeam(id: string): void {
    this.otherTeam.add(id);
  }

  releaseFromOtherTeam(id: string): void {
    this.otherTeam.delete(id);
  }

  add(device: Omit<Device, 'sequence' | 'removed' | 'blocked'>): Device {
    this.claims.set(device.id, (this.claims.get(device.id) ?? 0) + 1);
    return this.claimed.add((sequence) => ({ ...device, blocked: false, removed: false, sequence }));
  }

  remove(device: Device): void {
    this.claimed.remove(device);
  }

  /** Devices claimed after the one with this sequence number. */
  page(after: number, limit: number, matches?: (device: Device) => boolean): DevicePage {
    return this.claimed.page(after, limit, matches);
  }
}

/** The names of the tags that a device carries now. */
export function tagNames(device: Device): string[] {
  return device.tags.filter((tag) => !tag.deleted).map((tag) => tag.name);
}
