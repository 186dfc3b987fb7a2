import fc from 'fast-check';
import { encodeMessage, formatToken } from '../../../simulator/identity/claim-token';
import { formatUuid } from '../../../simulator/identity/uuid';

/** A claim token as a modem would make it, and the device that it names. */
export interface SoundToken {
  claimToken: string;
  deviceId: string;
}

const bytes = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));

/** Claim tokens with all their parts in place; the signatures are noise, which only the service can tell. */
export const soundToken: fc.Arbitrary<SoundToken> = fc
  .tuple(bytes(16), bytes(16), bytes(16), fc.integer({ min: 0, max: 255 }), bytes(64))
  .map(([deviceUuid, firmwareUuid, nonce, deviceType, signature]) => {
    const message = encodeMessage({ messageType: 1, deviceUuid, deviceType, firmwareUuid, nonce });
    return { claimToken: formatToken(message, signature), deviceId: formatUuid(deviceUuid) };
  });

/** How people have a token: each wrapping leaves it usable. */
export const wrapping: fc.Arbitrary<(token: string) => string> = fc
  .tuple(
    fc.constantFrom('', ' ', '\r\n', '\ufeff', '%ATTESTTOKEN: ', 'AT%ATTESTTOKEN\r\n%ATTESTTOKEN: ', '%attesttoken:'),
    fc.constantFrom('', '"', "'", '\u201c'),
    fc.integer({ min: 1, max: 179 }),
    fc.constantFrom('', '\n', '\r\n  ', '\t'),
    fc.constantFrom('', '\r\n', '\r\n\r\nOK\r\n', '\nOK'),
  )
  .map(([before, quote, at, wrap, after]) => (token: string) => {
    return before + quote + token.slice(0, at) + wrap + token.slice(at) + quote + after;
  });

/** A token with one thing wrong, which mostly makes it none. */
export const damagedToken: fc.Arbitrary<string> = fc
  .tuple(
    soundToken,
    fc.nat(179),
    fc.constantFrom('cut', 'drop', 'double', 'change', 'insert', 'bits'),
    fc.string({ unit: 'binary' }),
  )
  .map(([{ claimToken }, at, damage, text]) => {
    const [before, after] = [claimToken.slice(0, at), claimToken.slice(at)];
    if (damage === 'cut') return before;
    if (damage === 'drop') return before + after.slice(1);
    if (damage === 'double') return claimToken + after;
    if (damage === 'insert') return before + text + after;
    if (damage === 'change') return before + (text[0] ?? 'A') + after.slice(1);
    const first = Buffer.from(claimToken.split('.')[0]!, 'base64url');
    first[at % first.length]! ^= 1 << (at % 8);
    return `${first.toString('base64url')}.${claimToken.split('.')[1]}`;
  });
