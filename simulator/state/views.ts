import { deviceTypeName } from '../identity/device-types';
import type { Settings } from '../settings';
import type { Operation } from './bulk-operations';
import { tagNames, type Device } from './devices';
import type { Tag } from './tags';

/** A bulk operation as the service shows it (field names and order: the guide). */
export interface OperationView {
  bulkOpsRequestId: string;
  status: string;
  endpoint: string;
  requestedAt: string;
  completedAt?: string;
  uploadedDataUrl: string;
  errorSummaryUrl?: string;
}

/** A device as the service shows it (field names and order: the guide; `BLOCKED` is inferred). */
export function deviceView(device: Device, tenantId: string, settings: Readonly<Settings>): Record<string, unknown> {
  const view: Record<string, unknown> = {
    id: device.id,
    deviceType: deviceTypeName(device.deviceType),
    firmwareId: device.firmwareId,
    imei: device.imei,
    ownerId: tenantId,
    ownershipStatus: 'IDENTIFIED',
    tags: tagNames(device),
    status: device.blocked ? 'BLOCKED' : 'READY',
    claimedAt: new Date(device.claimedAt).toISOString(),
    ...settings.extras.device,
  };
  if (settings.omitDeviceFields.length === 0) return view;
  return Object.fromEntries(Object.entries(view).filter(([name]) => !settings.omitDeviceFields.includes(name)));
}

/** A tag as the service shows it (inferred: an id, and what was sent). */
export function tagView(tag: Tag, settings: Readonly<Settings>): Record<string, unknown> {
  return { id: tag.id, tag: tag.name, description: tag.description, ...settings.extras.tag };
}

/**
 * A bulk operation as the service shows it. `completedAt` is absent until the end (inferred).
 * @param summaryUrl base of the host that keeps uploads and error summaries
 */
export function operationView(
  operation: Operation,
  summaryUrl: string,
  tenantId: string,
  settings: Readonly<Settings>,
): OperationView {
  const files = `${summaryUrl}/${tenantId}/claim_device_ownership/${operation.id}`;
  return {
    bulkOpsRequestId: operation.id,
    status: operation.status,
    endpoint: 'CLAIM_DEVICE_OWNERSHIP',
    requestedAt: new Date(operation.requestedAt).toISOString(),
    ...(operation.completedAt !== undefined && { completedAt: new Date(operation.completedAt).toISOString() }),
    uploadedDataUrl: `${files}.csv`,
    ...(operation.status === 'FAILED' && settings.errorSummary !== 'missing' && { errorSummaryUrl: `${files}.json` }),
    ...settings.extras.operation,
  };
}
