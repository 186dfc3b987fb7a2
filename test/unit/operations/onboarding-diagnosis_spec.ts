import assert from 'node:assert/strict';
import { knownAgainst, type ClaimMemory } from '../../../nodes/operations/onboarding-diagnosis';

const MINUTE = 60_000;
const claimed = { device: { value: { id: 'x' } } };
const missing = { device: { value: undefined } };

describe('knownAgainst', () => {
  const memory = (): ClaimMemory => ({ wasClaimed: false, unclaimedSince: -1 });

  it('knownAgainst: a device that was claimed and is missing for ten minutes is unclaimed', () => {
    const device = memory();
    assert.equal(knownAgainst(device, claimed, 0), undefined);
    assert.equal(knownAgainst(device, missing, MINUTE), undefined);
    assert.equal(knownAgainst(device, missing, 10 * MINUTE), undefined);
    assert.equal(knownAgainst(device, missing, 11 * MINUTE)?.stage, 'unclaimed');
  });

  it('knownAgainst: a device that comes back in between is not unclaimed', () => {
    const device = memory();
    knownAgainst(device, claimed, 0);
    knownAgainst(device, missing, MINUTE);
    knownAgainst(device, claimed, 2 * MINUTE);
    assert.equal(knownAgainst(device, missing, 11 * MINUTE), undefined);
    assert.equal(knownAgainst(device, missing, 20 * MINUTE), undefined);
  });

  it('knownAgainst: a device that was never seen claimed is not unclaimed', () => {
    const device = memory();
    knownAgainst(device, missing, 0);
    assert.equal(knownAgainst(device, missing, 60 * MINUTE), undefined);
  });
});
