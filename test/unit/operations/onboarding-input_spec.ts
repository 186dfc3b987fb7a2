import assert from 'node:assert/strict';
import { NrfCloudError } from '../../../nodes/api/errors';
import { readDevices, type DeviceInputs } from '../../../nodes/operations/onboarding-input';
import { assertSentence } from '../../support/sentences';

const UUID = '4961c873-408c-45ce-b1ba-7c0d99d88179';
const bulk = { bulkOpsRequestId: 'op' };
const read = (device: unknown, more: Partial<DeviceInputs> = {}): ReturnType<typeof readDevices> =>
  readDevices({ device, claimedRows: undefined, rows: undefined, ...more }, 'msg.payload');
const single = (id: string, onboardedId = id, line = 0): object => ({
  isArray: false,
  ids: [id],
  onboardedIds: [onboardedId],
  lines: [line],
});

describe('readDevices', () => {
  for (const [what, value, expected] of [
    ['text', ` ${UUID} `, single(UUID)],
    ['bytes', Buffer.from('nrf-1'), single('nrf-1')],
    ['an object with an id', { id: 'a' }, single('a')],
    ['an object about a device', { id: 'command', deviceId: 'a' }, single('a')],
    ['an id in device management', { id: 'a', onboardedId: ' nrf-1 ' }, single('a', 'nrf-1')],
    ['no id in device management', { id: 'a', onboardedId: null }, single('a')],
    ['an empty id in device management', { id: 'a', onboardedId: '' }, single('a')],
    ['its UUID in capital letters', { id: UUID, onboardedId: UUID.toUpperCase() }, single(UUID)],
    ['a line', { id: 'a', line: 7 }, single('a', 'a', 7)],
    ['a line and an id in device management', { id: 'a', line: 1, onboardedId: 'b' }, single('a', 'b', 1)],
    ['the largest line', { id: 'a', line: 2 ** 32 - 1 }, single('a', 'a', 2 ** 32 - 1)],
    ['a line that is too large', { id: 'a', line: 2 ** 32 }, single('a')],
    ['a line that is no number', { id: 'a', line: '7' }, single('a')],
    ['a part of a line', { id: 'a', line: 1.5 }, single('a')],
    ['no line', { id: 'a', line: 0 }, single('a')],
    ['a negative line', { id: 'a', line: -1 }, single('a')],
  ] as const) {
    it(`readDevices: reads ${what}`, () => assert.deepEqual(read(value), expected));
  }

  it('readDevices: an array has each device once, where it came first', () => {
    const items = ['a', { id: 'b', line: 3, onboardedId: 'x' }, { deviceId: 'a', line: 4 }];
    const list = { isArray: true, ids: ['a', 'b'], onboardedIds: ['a', 'x'], lines: [0, 3] };
    assert.deepEqual(read(items), list);
    assert.deepEqual(read([]), { isArray: true, ids: [], onboardedIds: [], lines: [] });
  });

  it('readDevices: a bulk operation means its claimed rows, or else all its rows', () => {
    const [claimedRows, rows] = [[{ id: 'a' }], ['b']];
    for (const device of [bulk, { claimedIds: [], failed: [] }]) {
      assert.deepEqual(read(device, { claimedRows, rows }).ids, ['a']);
      assert.deepEqual(read(device, { claimedRows: 'x', rows }).ids, ['b']);
    }
  });

  for (const [what, value, more] of [
    ['nothing', undefined, {}],
    ['a number', 7, {}],
    ['an id in device management that is a number', { id: 'a', onboardedId: 7 }, {}],
    ['an id in device management that is a dot', { id: 'a', onboardedId: '.' }, {}],
    ['an item without an id', ['a', {}], {}],
    ['an item of claimed rows', bulk, { claimedRows: [7] }],
    ['an item of rows', bulk, { rows: ['a', 7] }],
    ['a bulk operation without rows', bulk, { rows: 'b' }],
  ] as const) {
    it(`readDevices: refuses ${what}`, () => {
      assert.throws(
        () => read(value, more),
        (error: Error) => {
          assert.ok(error instanceof NrfCloudError);
          assert.deepEqual([error.code, error.cause.operation], ['NRFCLOUD_INVALID_INPUT', 'get onboarded device']);
          assertSentence(error.message);
          return true;
        },
      );
    });
  }
});
