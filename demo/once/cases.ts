import type { Device } from '../../harness/controls';
import type { Answer, Door } from './channels';
import { swapTail } from './messy-file';

/** The single claim of Nordic's guide, and the device inside its token. */
export const GUIDE: Device = {
  claimToken:
    '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWTE',
  deviceUuid: '4961c873-408c-45ce-b1ba-7c0d99d88179',
};

/** How many devices of the simulator the trials need. */
export const DEVICES = 6;

/** What one trial sends, and what has to come back. */
export interface Trial {
  door: Door['name'];
  /** What is sent, in words. */
  what: string;
  payload: string;
  expected: Expectation;
}

/** What has to come back: a device, or an error. */
export interface Expectation {
  /** HTTP status, by the door that has one. */
  status: number;
  deviceUuid: string;
  /** Tags that the device must have besides the station's. */
  tags?: string[];
  /** The error code, if it must be refused. */
  error?: string;
}

/** All trials, in the order in which they are sent. */
export function trials(devices: Device[]): Trial[] {
  const [first, second, third, fourth, damaged, foreign] = devices as [Device, Device, Device, Device, Device, Device];
  const claimed = ({ deviceUuid }: Device, tags: string[] = []): Expectation => ({ status: 201, deviceUuid, tags });
  const known = ({ deviceUuid }: Device): Expectation => ({ status: 200, deviceUuid });
  const refused = ({ deviceUuid }: Device, status: number, error: string): Expectation => ({
    status,
    deviceUuid,
    error,
  });
  const rejected = refused(damaged, 422, 'NRFCLOUD_REJECTED');
  const conflict = refused(foreign, 409, 'NRFCLOUD_CONFLICT');
  const invalid: Expectation = { status: 400, deviceUuid: '', error: 'NRFCLOUD_INVALID_INPUT' };
  return [
    { door: 'MQTT', what: "the guide's token", payload: GUIDE.claimToken, expected: claimed(GUIDE) },
    { door: 'HTTP', what: 'the same again', payload: GUIDE.claimToken, expected: known(GUIDE) },
    { door: 'MQTT', what: 'a fresh token', payload: first.claimToken, expected: claimed(first) },
    { door: 'MQTT', what: 'the same again', payload: first.claimToken, expected: known(first) },
    { door: 'MQTT', what: "a modem's raw line", payload: modemLine(second), expected: claimed(second) },
    { door: 'HTTP', what: 'a fresh token', payload: third.claimToken, expected: claimed(third) },
    {
      door: 'HTTP',
      what: 'JSON with tags',
      payload: JSON.stringify({ claimToken: fourth.claimToken, tags: ['color=white'] }),
      expected: claimed(fourth, ['color=white']),
    },
    { door: 'MQTT', what: 'a damaged token', payload: swapTail(damaged.claimToken), expected: rejected },
    { door: 'HTTP', what: 'a damaged token', payload: swapTail(damaged.claimToken), expected: rejected },
    { door: 'MQTT', what: 'half a token', payload: half(damaged), expected: invalid },
    { door: 'HTTP', what: 'half a token', payload: half(damaged), expected: invalid },
    { door: 'HTTP', what: 'broken JSON', payload: `{ "claimToken": "${half(damaged)}`, expected: invalid },
    { door: 'MQTT', what: "another account's", payload: foreign.claimToken, expected: conflict },
    { door: 'HTTP', what: "another account's", payload: foreign.claimToken, expected: conflict },
  ];
}

/** Whether an answer is what it must be. */
export function fits({ status, body }: Answer, { door, expected }: Trial, station: string): boolean {
  if (status !== undefined && status !== expected.status) return false;
  if (expected.error !== undefined) {
    return (
      body['error'] === expected.error &&
      typeof body['message'] === 'string' &&
      (body['deviceId'] ?? '') === expected.deviceUuid
    );
  }
  if (body['id'] !== expected.deviceUuid) return false;
  const { tags } = body;
  return expected.tags === undefined || sameTags(tags, door === 'MQTT' ? [`station=${station}`] : expected.tags);
}

function sameTags(tags: unknown, expected: string[]): boolean {
  return JSON.stringify(tags) === JSON.stringify(expected);
}

function modemLine({ claimToken }: Device): string {
  return `%ATTESTTOKEN: "${claimToken}"\r\n\r\nOK\r\n`;
}

function half({ claimToken }: Device): string {
  return claimToken.slice(0, claimToken.length / 2);
}
