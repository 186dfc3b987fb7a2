import { createECDH, createPrivateKey, sign, verify, type KeyObject } from 'node:crypto';

import { derive } from './seeded';

/** The order of the group of P-256 (FIPS 186-4): a private key is a number from 1 to one below it. */
const ORDER = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
const ZERO = Buffer.alloc(32);

/**
 * The ES256 key pairs of the simulated devices.
 *
 * Our choice: a device's key is derived from the seed and its UUID. Tokens minted by one process can so be verified by
 * another. (Nordic knows its devices from a database of public keys.)
 */
export class DeviceKeys {
  private readonly cache = new Map<string, KeyObject>();

  /**
   * @param seed what all keys are derived from
   * @param capacity how many keys are kept; the one that was not used for longest goes first
   */
  constructor(
    private readonly seed: string,
    private readonly capacity = 5000,
  ) {}

  /** Signs for a device: 64 bytes, r and s (IEEE P1363, as COSE has it). */
  sign(deviceUuid: Uint8Array, data: Uint8Array): Buffer {
    return sign('sha256', data, { key: this.keyOf(deviceUuid), dsaEncoding: 'ieee-p1363' });
  }

  /** Whether the device made this signature. */
  verify(deviceUuid: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
    return verify('sha256', data, { key: this.keyOf(deviceUuid), dsaEncoding: 'ieee-p1363' }, signature);
  }

  /**
   * A key pair that a device generates for a command.
   * @param label names the key among those of the device
   */
  generate(deviceUuid: Uint8Array, label: string): KeyObject {
    return deriveKey(this.seed, `modem key ${label}`, deviceUuid);
  }

  private keyOf(deviceUuid: Uint8Array): KeyObject {
    const name = Buffer.from(deviceUuid).toString('latin1');
    const known = this.cache.get(name);
    if (known) this.cache.delete(name);
    else if (this.cache.size >= this.capacity) this.dropOldest();
    const key = known ?? deriveKey(this.seed, 'key', deviceUuid);
    this.cache.set(name, key);
    return key;
  }

  private dropOldest(): void {
    for (const name of this.cache.keys()) {
      this.cache.delete(name);
      return;
    }
  }
}

function deriveKey(seed: string, purpose: string, deviceUuid: Uint8Array): KeyObject {
  const scalar = deriveScalar(seed, purpose, deviceUuid);
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar);
  // Uncompressed point: 0x04, x, y.
  const point = ecdh.getPublicKey();
  return createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: scalar.toString('base64url'),
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
}

function deriveScalar(seed: string, purpose: string, deviceUuid: Uint8Array): Buffer {
  for (let attempt = 0; ; attempt++) {
    const scalar = derive(seed, `${purpose} ${attempt}`, deviceUuid).subarray(0, 32);
    if (scalar.compare(ZERO) > 0 && scalar.compare(ORDER) < 0) return scalar;
  }
}
