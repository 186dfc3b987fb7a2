import assert from 'node:assert/strict';
import { claimedHint } from '../../../nodes/api/claim-refusals';

describe('claimedHint', () => {
  for (const [hint, texts] of [
    [
      'claimed',
      [
        'Device is already claimed.',
        'The device has already been claimed',
        'The device has been claimed by your team',
        'device is claimed',
        'Device was claimed by another user',
        'Claimed by team 5',
        'It is owned by someone else',
        'already owned',
        'The device is already registered',
        'It belongs to another account',
      ],
    ],
    [
      'perhaps',
      [
        'claim token already expired',
        'already exists',
        'A device must be claimed by an editor',
        'The device is not claimed by your team',
        'The device has not been claimed by anybody',
        "It isn't claimed by you",
        'conflict',
      ],
    ],
    ['other-cause', ['invalid token', 'The tag is not known', 'bad signature', 'unknown device']],
    ['unsaid', ['', 'Forbidden', 'Bad Request', 'reclaimed', 'unclaimed']],
  ] as const) {
    for (const text of texts) {
      it(`refused claim: "${text}" says ${hint} of an earlier claim`, () => {
        assert.equal(claimedHint(text), hint);
      });
    }
  }
});
