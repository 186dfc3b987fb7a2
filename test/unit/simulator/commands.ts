import assert from 'node:assert/strict';

import type { Simulator } from '../../../simulator/index';
import { call, useSimulator, type Reply } from './harness';

const SEC_TAG = 16842753;
export const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';

/** A request of each kind that the specs need. */
export const REQUESTS = {
  key: { clientPrivateKeyGeneration: { secTag: SEC_TAG } },
  cloud: { cloudAccessKeyGeneration: { secTag: SEC_TAG } },
  csr: { certificateSigningRequest: { secTag: SEC_TAG, attributes: 'CN=a', keyUsage: '101010000' } },
  root: { serverCertificate: { secTag: SEC_TAG, content: CERTIFICATE } },
  client: { clientCertificate: { secTag: SEC_TAG, content: CERTIFICATE } },
  finished: { finished: {} },
};

/** Creates commands over HTTP, one after the other; returns their ids. */
export async function create(sim: Simulator, deviceId: string, ...requests: object[]): Promise<string[]> {
  const ids: string[] = [];
  for (const request of requests) {
    const response = await call(sim, 'POST', `/claimed-devices/${deviceId}/provisioning`, { body: { request } });
    assert.equal(response.status, 201);
    ids.push(response.json.id);
  }
  return ids;
}
/** What a suite about commands needs: a simulator for each of its tests, a claimed device that stays away, and its commands. */
export function useCommands(): {
  sim: () => Simulator;
  device: () => string;
  read: (deviceId: string, id?: string) => Promise<Reply>;
} {
  const sim = useSimulator();
  return {
    sim,
    device: () => {
      sim().setDeviceBehaviour('default', { contactAfterMs: null });
      return sim().fill(1)[0]!;
    },
    read: (deviceId, id = '') =>
      call(sim(), 'GET', `/claimed-devices/${deviceId}/provisioning${id === '' ? '' : `/${encodeURIComponent(id)}`}`),
  };
}
