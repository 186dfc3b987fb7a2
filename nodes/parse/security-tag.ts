import { InvalidValue } from '../util/invalid-value';
import { describeType } from '../util/json';

/** The security tag under which nRF Cloud's credentials are stored (Nordic's tools). */
export const NRF_CLOUD_SECURITY_TAG = 16_842_753;
/** Security tags are unsigned 32-bit numbers (Nordic's tools). */
export const MAX_SECURITY_TAG = 0xffff_ffff;

/**
 * Reads a security tag: a whole number, or its decimal digits.
 * @throws {InvalidValue} for anything else
 */
export function parseSecurityTag(value: unknown): number {
  const todo = `enter a whole number from 0 to ${MAX_SECURITY_TAG}`;
  if (value === undefined || value === null || value === '') throw new InvalidValue(`is missing; ${todo}`);
  const number = typeof value === 'string' && /^\s*\d{1,10}\s*$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number') {
    throw new InvalidValue(`is ${typeof value === 'string' ? 'not a number' : describeType(value)}; ${todo}`);
  }
  if (Number.isInteger(number) && number >= 0 && number <= MAX_SECURITY_TAG) return number;
  throw new InvalidValue(`is not an unsigned 32-bit number; ${todo}`);
}
