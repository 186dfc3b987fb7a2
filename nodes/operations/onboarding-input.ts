import { isBulkResult, operationIdOf } from '../api/bulk';
import { invalidInput } from '../api/errors';
import { withSource } from '../api/with-source';
import { bytesOf } from '../parse/bytes';
import { cleanId, parseDeviceId } from '../parse/ids';
import { InvalidValue } from '../util/invalid-value';
import { isObject } from '../util/json';

/** The devices that a message names. */
export interface DeviceList {
  /** Whether the message names several, so that its results form a sequence. */
  isArray: boolean;
  /** Device UUIDs, each once. */
  ids: string[];
  /** Their ids in device management, at the same places. */
  onboardedIds: string[];
  /** The lines of their rows in the file that they come from, at the same places; 0 = not known. */
  lines: number[];
}

/** Where the devices of a message may be. */
export interface DeviceInputs {
  device: unknown;
  claimedRows: unknown;
  rows: unknown;
}

/**
 * Reads which devices a message names: one device, an array of them, or a bulk operation or result, which means the
 * devices of `msg.claimedRows`, else `msg.rows`.
 * @param source names the source of `device` in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
 */
export function readDevices({ device, claimedRows, rows }: DeviceInputs, source: string): DeviceList {
  if (Array.isArray(device)) return readArray(device, source);
  if (operationIdOf(device) !== undefined || isBulkResult(device)) {
    if (Array.isArray(claimedRows)) return readArray(claimedRows, 'msg.claimedRows');
    if (Array.isArray(rows)) return readArray(rows, 'msg.rows');
    throw invalidInput(
      'get onboarded device',
      `${source} is a bulk operation, but the message has neither msg.claimedRows nor msg.rows; wire output 1 of bulk status into this node`,
    );
  }
  const { id, onboardedId, line } = withSource('get onboarded device', source, () => readDevice(device));
  return { isArray: false, ids: [id], onboardedIds: [onboardedId], lines: [line] };
}

function readArray(items: readonly unknown[], source: string): DeviceList {
  const list: DeviceList = { isArray: true, ids: [], onboardedIds: [], lines: [] };
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const { id, onboardedId, line } = withSource('get onboarded device', `item ${index} of ${source}`, () =>
      readDevice(item),
    );
    if (seen.has(id)) continue;
    seen.add(id);
    list.ids.push(id);
    list.onboardedIds.push(onboardedId);
    list.lines.push(line);
  }
  return list;
}

function readDevice(value: unknown): { id: string; onboardedId: string; line: number } {
  if (!isObject(value) || bytesOf(value) !== undefined) {
    const id = parseDeviceId(value);
    return { id, onboardedId: id, line: 0 };
  }
  const { deviceId, id: ownId, claimToken, onboardedId } = value;
  const line = isLine(value['line']) ? value['line'] : 0;
  // What has both is about a device, such as a command.
  const id = parseDeviceId(deviceId ?? ownId ?? claimToken ?? value);
  if (onboardedId === undefined || onboardedId === null || onboardedId === '') return { id, onboardedId: id, line };
  if (typeof onboardedId === 'string') {
    const other = cleanId(onboardedId, 'onboardedId', 'an id in device management');
    return { id, onboardedId: other.toLowerCase() === id ? id : other, line };
  }
  throw new InvalidValue('is not text; enter the id in device management', 'onboardedId');
}

/** Lines of a file have 32 bits at most; our choice. */
function isLine(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 2 ** 32;
}
