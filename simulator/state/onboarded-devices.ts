import { OrderedMap, type Entry, type Page } from './ordered-map';

/** A device in device management. `id` is not always the UUID of a claimed device. */
export interface OnboardedDevice extends Entry {
  /** UUID of the claimed device, absent for a device that was uploaded. */
  readonly deviceId?: string;
  readonly subType: string;
  readonly tags: readonly string[];
  readonly onboardedAt: number;
  /** Milliseconds since 1970 at which it reported state; absent: it never connected. */
  reportedAt?: number;
}

/** The devices of the team in device management, by id. */
export class OnboardedDevices {
  private readonly devices = new OrderedMap<OnboardedDevice>();
  private readonly byClaim = new Map<string, OnboardedDevice>();

  find(id: string): OnboardedDevice | undefined {
    return this.devices.find(id);
  }

  /** The device that a claimed one has become. */
  ofClaimed(deviceId: string): OnboardedDevice | undefined {
    return this.byClaim.get(deviceId);
  }

  /** All devices, oldest first. */
  all(): OnboardedDevice[] {
    return [...this.devices.all()];
  }

  page(after: number, limit: number): Page<OnboardedDevice> {
    return this.devices.page(after, limit);
  }

  get size(): number {
    return this.devices.size;
  }

  /** Adds a device, or returns the one that has this id already. */
  add(id: string, details: Partial<Pick<OnboardedDevice, 'deviceId' | 'subType' | 'tags'>> = {}): OnboardedDevice {
    const known = this.devices.find(id);
    if (known) return known;
    const { subType = '', tags = [], deviceId } = details;
    const added = this.devices.add((sequence) => ({
      id,
      ...(deviceId !== undefined && { deviceId }),
      subType,
      tags,
      onboardedAt: Date.now(),
      sequence,
      removed: false,
    }));
    if (deviceId !== undefined) this.byClaim.set(deviceId, added);
    return added;
  }

  remove(device: OnboardedDevice): void {
    this.devices.remove(device);
    if (device.deviceId !== undefined) this.byClaim.delete(device.deviceId);
  }
}
