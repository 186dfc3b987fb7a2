import { isCommandType, type Command } from '../api/commands';
import { isObject } from '../util/json';
import { sanitize } from '../util/sanitize';
import { isPendingStatus } from './pending-status';

/** How to make a device fetch its commands now (sdk-nrf, Asset Tracker Template, Serial Modem). */
export const HOW_TO_CONTACT =
  'restart it, or run "nrf_provisioning now" in its shell (AT#XNRFPROV with the Serial Modem firmware)';

/** Whether a command has ended: its status is known, and not one of those that are waited for. */
export function hasEnded({ status }: Command): boolean {
  return status !== '' && !isPendingStatus(status);
}

/** Whether a command has ended successfully. */
export function hasSucceeded({ status }: Command): boolean {
  return status.toUpperCase() === 'SUCCEEDED';
}

/** Why a command failed, in a sentence: the error of the device, wherever the service shows it (not known). */
export function reasonOf(command: Command): string {
  const type = isObject(command['request']) ? Object.keys(command['request'])[0] : undefined;
  const what = isCommandType(type) ? `the command ${type}` : 'the command';
  const said = deviceError(command);
  const why = said === undefined ? 'the service shows no reason' : said;
  return `${what} ended as ${sanitize(command.status)}: ${why}`;
}

function deviceError(command: Command): string | undefined {
  for (const place of [command['error'], command['response'], command['message']]) {
    const said = errorIn(place);
    if (said !== undefined) return said;
  }
  return undefined;
}

/** Most levels of objects in which an error is looked for. */
const MAX_DEPTH = 3;

function errorIn(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : sanitize(value);
  if (!isObject(value) || depth > MAX_DEPTH) return undefined;
  const code = value['code'] ?? value['cme'] ?? value['errorCode'];
  const text = value['message'] ?? value['text'] ?? value['description'];
  const number = typeof code === 'number' || typeof code === 'string' ? `error ${sanitize(String(code))}` : '';
  const words = typeof text === 'string' ? sanitize(text) : '';
  if (number !== '' || words !== '') return [number, words].filter((part) => part !== '').join(', ');
  for (const inner of [value['error'], ...Object.values(value)]) {
    const said = errorIn(inner, depth + 1);
    if (said !== undefined) return said;
  }
  return undefined;
}
