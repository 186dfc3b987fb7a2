import type { Device } from '../../harness/controls';
import type { Channel, ClaimResult } from './channels';
import { swapTail } from './messy-file';

/** The claim token of Nordic's guide, and the device UUID in it. */
export const GUIDE: Device = {
  claimToken:
    '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWTE',
  deviceUuid: '4961c873-408c-45ce-b1ba-7c0d99d88179',
};

/** Number of simulated devices that {@link cases} needs. */
export const DEVICES = 6;

/** A claim by one channel, and its expected result. */
export interface TestCase {
  channel: Channel['name'];
  /** The input in words. */
  what: string;
  payload: string;
  expected: Expectation;
}

/** The expected result: a device or an error. */
export interface Expectation {
  /** HTTP status; MQTT has none. */
  status: number;
  deviceUuid: string;
  /** Tags that the device must have besides the station's. */
  tags?: string[];
  /** The error code, if the claim must fail. */
  error?: string;
}

/** All cases, in the order in which they are sent. */
export function cases(devices: Device[]): TestCase[] {
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
    { channel: 'MQTT', what: "the guide's token", payload: GUIDE.claimToken, expected: claimed(GUIDE) },
    { channel: 'HTTP', what: 'the same again', payload: GUIDE.claimToken, expected: known(GUIDE) },
    { channel: 'MQTT', what: 'a fresh token', payload: first.claimToken, expected: claimed(first) },
    { channel: 'MQTT', what: 'the same again', payload: first.claimToken, expected: known(first) },
    { channel: 'MQTT', what: "a modem's raw line", payload: modemLine(second), expected: claimed(second) },
    { channel: 'HTTP', what: 'a fresh token', payload: third.claimToken, expected: claimed(third) },
    {
      channel: 'HTTP',
      what: 'JSON with tags',
      payload: JSON.stringify({ claimToken: fourth.claimToken, tags: ['color=white'] }),
      expected: claimed(fourth, ['color=white']),
    },
    { channel: 'MQTT', what: 'a damaged token', payload: swapTail(damaged.claimToken), expected: rejected },
    { channel: 'HTTP', what: 'a damaged token', payload: swapTail(damaged.claimToken), expected: rejected },
    { channel: 'MQTT', what: 'half a token', payload: half(damaged), expected: invalid },
    { channel: 'HTTP', what: 'half a token', payload: half(damaged), expected: invalid },
    { channel: 'HTTP', what: 'broken JSON', payload: `{ "claimToken": "${half(damaged)}`, expected: invalid },
    { channel: 'MQTT', what: "another account's", payload: foreign.claimToken, expected: conflict },
    { channel: 'HTTP', what: "another account's", payload: foreign.claimToken, expected: conflict },
  ];
}

/** Whether a result is as expected. */
export function fits({ status, body }: ClaimResult, { channel, expected }: TestCase, station: string): boolean {
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
  return expected.tags === undefined || sameTags(tags, channel === 'MQTT' ? [`station=${station}`] : expected.tags);
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
