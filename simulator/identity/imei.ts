/** The first eight digits of the IMEI in the guide's example: Nordic's type allocation code. */
const TYPE_ALLOCATION_CODE = '35265610';

/** The IMEI of a simulated device: 15 digits, the last a Luhn check digit. It follows from the UUID. */
export function imeiOf(deviceUuid: Buffer): string {
  const serial = deviceUuid.readUInt32BE(0) % 1_000_000;
  const digits = TYPE_ALLOCATION_CODE + String(serial).padStart(6, '0');
  return digits + String(luhn(digits));
}

function luhn(digits: string): number {
  let sum = 0;
  for (let position = 0; position < digits.length; position++) {
    const digit = Number(digits[position]);
    // Counted from the right, with the check digit to come, every other digit is doubled.
    const doubled = (digits.length - position) % 2 === 1;
    sum += doubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
  }
  return (10 - (sum % 10)) % 10;
}
