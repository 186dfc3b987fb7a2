import { createPublicKey } from 'node:crypto';

import type { CommandFault, DeviceBehaviour } from '../device/behaviour';
import { areAttributes, createCsr } from '../device/csr';
import type { DeviceKeys } from '../identity/device-keys';
import { parseUuid } from '../identity/uuid';
import type { Command, CommandOutput } from './commands';

/** One command can need two records: delete the old key, then create one (confirmed). */
export function recordsOf(command: Command): number {
  return /KeyGeneration$/.test(command.type) ? 2 : 1;
}

/**
 * The error that a device reports for a command, if any.
 * @param execution `index`: position of the command in this contact, from 0; `open`: this command and those after it
 */
export function errorOf(
  command: Command,
  execution: { behaviour: Readonly<DeviceBehaviour>; index: number; open: readonly Command[] },
): CommandFault | undefined {
  const { behaviour, index, open } = execution;
  const { failAt, atBufferSize, oldFirmware, recordsPerRound } = behaviour;
  const { secTag, content, attributes } = command.fields;
  if (failAt && (failAt.index ?? index) === index && (failAt.type ?? command.type) === command.type) return failAt;
  if (oldFirmware && index === 0 && open.reduce((sum, one) => sum + recordsOf(one), 0) > recordsPerRound) {
    return { cme: 0, text: 'too many commands' };
  }
  if (typeof content === 'string' && `AT%CMNG=0,${Number(secTag)},0,"${content}"`.length > atBufferSize) {
    return { cme: 0, text: `the AT command is longer than the buffer of ${atBufferSize} bytes` };
  }
  if (command.type === 'certificateSigningRequest' && !areAttributes(String(attributes))) {
    return { cme: 0, text: 'the attributes are not valid' };
  }
  return undefined;
}

/** What a device returns for a command, computed once and only when it is asked for: keys and signatures take time. */
export function outputOf(command: Command, keys: DeviceKeys, variant: Readonly<DeviceBehaviour>): () => CommandOutput {
  let output: CommandOutput | undefined;
  return () => {
    output ??= compute(command, keys, variant);
    return output;
  };
}

function compute(command: Command, keys: DeviceKeys, variant: Readonly<DeviceBehaviour>): CommandOutput {
  const { type, deviceId } = command;
  const { secTag, attributes, keyUsage } = command.fields;
  if (typeof secTag !== 'number') return {};
  const deviceUuid = parseUuid(deviceId);
  if (type === 'clientPrivateKeyGeneration') {
    const key = createPublicKey(keys.generate(deviceUuid, command.id));
    return { publicKey: key.export({ type: 'spki', format: 'der' }).toString('base64url') };
  }
  if (type !== 'certificateSigningRequest' && type !== 'cloudAccessKeyGeneration') return {};
  const csr = createCsr({
    deviceUuid,
    secTag,
    attributes: typeof attributes === 'string' ? attributes : `CN=${deviceId}`,
    keyUsage: typeof keyUsage === 'string' ? keyUsage : '',
    key: keys.generate(deviceUuid, command.id),
    identityKeys: keys,
    variant,
  });
  return { csr };
}
