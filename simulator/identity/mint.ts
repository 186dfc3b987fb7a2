import { encodeMessage, formatToken, signedBytes } from './claim-token';
import type { DeviceKeys } from './device-keys';
import { deviceUuidOf } from './device-uuid';
import { imeiOf } from './imei';
import { derive } from './seeded';
import { formatUuid, parseUuid } from './uuid';

/** What a minted token contains. */
export interface MintOptions {
  /** A device of one's own, or one minted before, which then gets another token. Default: the seed's next device. */
  deviceUuid?: string;
  /** 1-6 are known parts (see `deviceTypeName`), up to 255 can be minted. Default 6, nRF9151 LACA. */
  deviceType?: number;
  /** UUID of the modem firmware. Default: one per seed. */
  firmwareUuid?: string;
  /** 32 hexadecimal digits: the challenge given to `%ATTESTTOKEN`, or the modem's own nonce. Default: a new one. */
  nonce?: string;
  /** false: a repeatable stand-in for the signature, for load tests with `verify: false`. Default true. */
  signed?: boolean;
}

/** A claim token, and what it says. */
export interface MintedToken {
  claimToken: string;
  deviceUuid: string;
  deviceType: number;
  firmwareUuid: string;
  nonce: string;
  /** Not in the token: what the service would show for the device. */
  imei: string;
}

/** Mints claim tokens of simulated devices. The n-th device of a seed is the same in every process. */
export class Mint {
  private devices = 0;
  private nonces = 0;
  private readonly firmware: Buffer;

  constructor(
    private readonly seed: string,
    private readonly keys: DeviceKeys,
  ) {
    this.firmware = derive(seed, 'firmware').subarray(0, 16);
    this.firmware[6] = 0x40 | (this.firmware[6]! & 0x0f);
    this.firmware[8] = 0x80 | (this.firmware[8]! & 0x3f);
  }

  /** Leaves devices out, so that two processes mint different ones. */
  skip(count: number): void {
    this.devices += count;
  }

  /** The next device of the seed, without a token. */
  nextDevice(): { deviceUuid: Buffer; firmwareUuid: Buffer } {
    return { deviceUuid: deviceUuidOf(this.seed, this.devices++), firmwareUuid: this.firmware };
  }

  /**
   * Mints one token.
   * @throws TypeError if an id is not a UUID, the nonce not 32 hexadecimal digits, or the type not 0-255
   */
  mint(options: MintOptions = {}): MintedToken {
    const { deviceType = 6, signed = true } = options;
    if (!Number.isInteger(deviceType) || deviceType < 0 || deviceType > 255) {
      throw new TypeError('A device type is a whole number from 0 to 255.');
    }
    const firmwareUuid = options.firmwareUuid === undefined ? this.firmware : parseUuid(options.firmwareUuid);
    const nonce = options.nonce === undefined ? this.nextNonce() : parseNonce(options.nonce);
    const deviceUuid = options.deviceUuid === undefined ? this.nextDevice().deviceUuid : parseUuid(options.deviceUuid);
    const message = encodeMessage({ messageType: 1, deviceUuid, deviceType, firmwareUuid, nonce });
    const signature = signed
      ? this.keys.sign(deviceUuid, signedBytes(message))
      : derive(this.seed, 'unsigned', message);
    return {
      claimToken: formatToken(message, signature),
      deviceUuid: formatUuid(deviceUuid),
      deviceType,
      firmwareUuid: formatUuid(firmwareUuid),
      nonce: nonce.toString('hex'),
      imei: imeiOf(deviceUuid),
    };
  }

  private nextNonce(): Buffer {
    return derive(this.seed, 'nonce', String(this.nonces++)).subarray(0, 16);
  }
}

function parseNonce(text: string): Buffer {
  if (!/^[\da-f]{32}$/i.test(text)) throw new TypeError('A nonce is 32 hexadecimal digits.');
  return Buffer.from(text, 'hex');
}
