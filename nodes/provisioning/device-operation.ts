import { invalidInput } from '../service/errors';
import type { Reply } from '../service/usable';
import { blockDevice, getDevice, unblockDevice, unclaimDevice } from '../service/devices';
import type { Session } from '../service/session';
import { readDeviceId } from './ids';
import { acknowledged, type OperationResult, type OperationTable } from './operation';

/** What can be done with one claimed device. */
export type DeviceOperation = 'get' | 'block' | 'unblock' | 'unclaim';

export const DEVICE_OPERATIONS: OperationTable<DeviceOperation> = {
  get: 'get device',
  block: 'block device',
  unblock: 'unblock device',
  unclaim: 'unclaim device',
};

const RUN: Readonly<Record<DeviceOperation, (session: Session, id: string) => Promise<Reply>>> = {
  get: getDevice,
  block: blockDevice,
  unblock: unblockDevice,
  unclaim: unclaimDevice,
};

/** What is to be done with which device. */
export interface DeviceOrder {
  operation: DeviceOperation;
  /** A device id, an object with `id` or `deviceId`, or a claim token. */
  device: unknown;
  /** Whether the node may unclaim at all. */
  allowUnclaim: boolean;
}

/**
 * Gets, blocks, unblocks or unclaims one device.
 * @param where names the device's source in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` before anything is sent, or the service's failure
 */
export async function runDeviceOperation(
  session: Session,
  { operation, device, allowUnclaim }: DeviceOrder,
  where: string,
): Promise<OperationResult> {
  const name = DEVICE_OPERATIONS[operation];
  if (operation === 'unclaim' && !allowUnclaim) {
    throw invalidInput(name, 'this node may not unclaim devices; tick "Allow unclaim" in its dialog if it shall');
  }
  const id = readDeviceId(device, where, name);
  const { body, statusCode } = await RUN[operation](session, id);
  return { payload: body ?? acknowledged(id, operation), statusCode };
}
