import type { Api } from '../api/api';
import { blockDevice, getDevice, unblockDevice, unclaimDevice } from '../api/devices';
import { invalidInput } from '../api/errors';
import { withSource } from '../api/with-source';
import { parseDeviceId } from '../parse/ids';
import { acknowledgement, type OperationResult } from './operation-table';

/** What can be done with one claimed device. */
export const DEVICE_OPERATIONS = {
  get: { name: 'get device', run: getDevice },
  block: { name: 'block device', run: blockDevice },
  unblock: { name: 'unblock device', run: unblockDevice },
  unclaim: { name: 'unclaim device', run: unclaimDevice },
} as const;

export type DeviceOperation = keyof typeof DEVICE_OPERATIONS;

/** Which operation is run on which device. */
export interface DeviceParams {
  operation: DeviceOperation;
  /** A device id, an object with `id` or `deviceId`, or a claim token. */
  device: unknown;
  /** Whether the node may unclaim at all. */
  allowUnclaim: boolean;
}

/**
 * Gets, blocks, unblocks or unclaims one device.
 * @param source names the device's source in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` before anything is sent, or the service's error
 */
export async function runDeviceOperation(
  api: Api,
  { operation, device, allowUnclaim }: DeviceParams,
  source: string,
): Promise<OperationResult> {
  const { name, run } = DEVICE_OPERATIONS[operation];
  if (operation === 'unclaim' && !allowUnclaim) {
    throw invalidInput(name, 'this node is not allowed to unclaim devices; tick "Allow unclaim" in its dialog');
  }
  const id = withSource(name, source, () => parseDeviceId(device));
  const { body, statusCode } = await run(api, id);
  return { payload: body ?? acknowledgement(id, operation), statusCode };
}
