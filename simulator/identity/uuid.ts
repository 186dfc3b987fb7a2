/** Writes 16 bytes as a UUID in lower case. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * Reads a UUID.
 * @throws TypeError if the text is none
 */
export function parseUuid(uuid: string): Buffer {
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(uuid)) throw new TypeError(`"${uuid}" is not a UUID.`);
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}
