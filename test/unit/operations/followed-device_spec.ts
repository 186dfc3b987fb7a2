import assert from 'node:assert/strict';
import { FollowedDevice, type DeviceGroup, type Follower } from '../../../nodes/operations/followed-device';

const follower = (deadline: number | null, index = 0): Follower<DeviceGroup> => ({
  group: { deadline, wasClaimed: () => false },
  index,
});

describe('FollowedDevice', () => {
  let device: FollowedDevice<DeviceGroup>;
  beforeEach(() => (device = new FollowedDevice('id', 'onboarded-id')));

  it('FollowedDevice: begins without followers, claims and polls', () => {
    assert.deepEqual([device.followers, device.isEnded, device.deadline], [[], true, Infinity]);
    assert.deepEqual([device.isOnboarded, device.isBusy, device.wasClaimed], [false, false, false]);
    assert.deepEqual([device.unclaimedSince, device.polls], [-1, 0]);
  });

  it('FollowedDevice: its deadline is the first of those of its messages', () => {
    device.add(follower(null));
    assert.equal(device.deadline, Infinity);
    for (const deadline of [300, 100, null, 200]) device.add(follower(deadline));
    assert.equal(device.deadline, 100);
    assert.equal(device.isEnded, false);
  });

  it('FollowedDevice: takes out the chosen followers and keeps the order of the others', () => {
    const [one, two, three, four] = [1, 2, 3, 4].map((index) => follower(index, index)) as [
      Follower<DeviceGroup>,
      Follower<DeviceGroup>,
      Follower<DeviceGroup>,
      Follower<DeviceGroup>,
    ];
    for (const each of [one, two, three, four]) device.add(each);
    assert.deepEqual(
      device.remove(({ index }) => index === 9),
      [],
    );
    assert.deepEqual(device.followers, [one, two, three, four]);
    assert.deepEqual(
      device.remove(({ index }) => index % 2 === 1),
      [one, three],
    );
    assert.deepEqual([device.followers, device.deadline], [[two, four], 2]);
    device.remove(({ index }) => index === 2);
    assert.deepEqual([device.followers, device.deadline, device.isEnded], [[four], 4, false]);
    device.remove(() => true);
    assert.deepEqual([device.followers, device.isEnded], [[], true]);
  });
});
