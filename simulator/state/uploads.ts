import type { OnboardedDevice, OnboardedDevices } from './onboarded-devices';
import { ulid } from './ulid';

/** A bulk operation of device management as it is shown. */
export interface UploadView {
  bulkOpsRequestId: string;
  status: 'SUCCEEDED';
  endpoint: 'PROVISION_DEVICES';
  requestedAt: string;
  completedAt: string;
}

/** The uploads of devices to device management. Each one succeeds at once. */
export class Uploads {
  private readonly uploads = new Map<string, UploadView>();

  constructor(
    private readonly seed: string,
    private readonly onboarded: OnboardedDevices,
  ) {}

  find(id: string): UploadView | undefined {
    return this.uploads.get(id);
  }

  add(devices: readonly Pick<OnboardedDevice, 'id' | 'subType' | 'tags'>[]): UploadView {
    for (const { id, subType, tags } of devices) this.onboarded.add(id, { subType, tags });
    const now = new Date();
    const view: UploadView = {
      bulkOpsRequestId: ulid(`${this.seed} upload`, now.getTime(), this.uploads.size),
      status: 'SUCCEEDED',
      endpoint: 'PROVISION_DEVICES',
      requestedAt: now.toISOString(),
      completedAt: now.toISOString(),
    };
    this.uploads.set(view.bulkOpsRequestId, view);
    return view;
  }
}
