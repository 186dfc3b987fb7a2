import { DEVICE_OPERATIONS, runDeviceOperation, type DeviceOperation } from '../operations/device';
import { chooseOperation, isOperation } from '../operations/operation-table';
import { defineNode } from '../runtime/define-node';
import { fromMessage, typed } from '../runtime/inputs';
import { choice, flag } from '../runtime/settings';
import type { StatusTexts } from '../runtime/status';

/** The status texts of an operation; general ones if the message says which, until it has. */
const statusOf = (operation: unknown): StatusTexts => {
  const word = operation === 'msg' || isOperation(DEVICE_OPERATIONS, operation) ? operation : 'get';
  return { working: `nrfcloud-device.working.${word}`, done: `nrfcloud-device.done.${word}` };
};

export default defineNode({
  operation: ({ operation }) =>
    isOperation(DEVICE_OPERATIONS, operation) ? DEVICE_OPERATIONS[operation].name : 'get device',
  inputs: { device: typed('payload', 'msg'), operation: fromMessage('operation') },
  settings: {
    operation: choice<DeviceOperation | 'msg'>('get', 'block', 'unblock', 'unclaim', 'msg'),
    allowUnclaim: flag(false),
  },
  status: ({ operation }) => statusOf(operation),
  mayQueue: true,
  run: (task) => {
    const { inputs, settings, api, source } = task;
    const operation = chooseOperation(DEVICE_OPERATIONS, settings.operation, inputs.operation, 'get device');
    task.describe(statusOf(operation));
    return runDeviceOperation(api, { ...inputs, ...settings, operation }, source.device);
  },
});
