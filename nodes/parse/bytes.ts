/** The bytes of a Buffer or of any typed array, without a copy; `undefined` for other values. */
export function bytesOf(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? Buffer.from(value) : undefined;
}

/** The text of a Buffer or typed array in UTF-8; `undefined` for other values. */
export function textOfBytes(value: unknown): string | undefined {
  return bytesOf(value)?.toString('utf8');
}
