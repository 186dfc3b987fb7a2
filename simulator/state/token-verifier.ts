import { readToken, signedBytes, type TokenFacts } from '../identity/claim-token';
import type { DeviceKeys } from '../identity/device-keys';
import { isOfSeed } from '../identity/device-uuid';
import { GUIDE_CSV_MISPRINT, PRINTED_TOKENS } from '../identity/printed-tokens';
import type { Settings } from '../settings';
import { Refusal } from './refusal';

/** Decides whether a claim token is genuine. */
export class TokenVerifier {
  /** Devices minted with a UUID of the caller's own, which does not follow from the seed. */
  private readonly registered = new Set<string>();

  constructor(
    private readonly seed: string,
    private readonly keys: DeviceKeys,
  ) {}

  /** Makes a device known whose UUID is not one of the seed's. */
  register(deviceUuid: string): void {
    this.registered.add(deviceUuid.toLowerCase());
  }

  /**
   * Reads a claim token and verifies it.
   * @throws Refusal with the statuses of `settings.refusals`
   */
  read(token: unknown, settings: Readonly<Settings>): TokenFacts {
    const { refusals } = settings;
    if (typeof token !== 'string' || token === '') {
      throw new Refusal(refusals.malformed, 'claimToken is missing.');
    }
    if (token === GUIDE_CSV_MISPRINT) {
      throw new Refusal(
        refusals.malformed,
        'This claim token is the misprinted one of the guide: its second part lacks the first character "0".',
      );
    }
    const facts = readToken(token);
    if ('malformed' in facts) throw new Refusal(refusals.malformed, facts.malformed);
    if (PRINTED_TOKENS.has(token)) return facts;
    const known = isOfSeed(this.seed, facts.deviceUuid) || this.registered.has(facts.id);
    if (!known) {
      if (settings.acceptUnknownDevices) return facts;
      throw new Refusal(refusals.unknownDevice, `The device ${facts.id} is not known.`);
    }
    if (settings.verify && !this.keys.verify(facts.deviceUuid, signedBytes(facts.message), facts.signature)) {
      throw new Refusal(refusals.badSignature, `The claim token is not signed by the device ${facts.id}.`);
    }
    return facts;
  }
}
