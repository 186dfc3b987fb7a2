import { UUID_PATTERN } from './uuid';

const LONG_WORD = /[A-Za-z0-9_\-+/=%.~]{20,}/g;
const UUID = new RegExp(`^${UUID_PATTERN}$`, 'i');
const MAX_QUOTE = 160;

/**
 * Makes foreign text fit for an error message, which Node-RED writes to its log: one line, short, and without
 * anything long enough to be a claim token, a key or a signed URL. UUIDs stay, since they name the device.
 * The unfiltered text is in the error's `cause`.
 */
export function sanitize(text: string): string {
  const line = text
    .slice(0, 4096)
    // eslint-disable-next-line no-control-regex -- control characters could forge log lines
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g, ' ')
    .replace(LONG_WORD, (word) => (UUID.test(word.replace(/\.+$/, '')) ? word : '…'))
    .trim();
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}

/** The leaf of a chain of causes in words: `ECONNREFUSED 127.0.0.1:8080`, or else the leaf's own text, filtered. */
export function rootCauseText(error: unknown): string {
  let leaf = error;
  for (let depth = 0; depth < 10; depth++) {
    const next = deeper(leaf);
    if (next === undefined) break;
    leaf = next;
  }
  if (!(leaf instanceof Error)) return sanitize(String(leaf));
  const { code, address, port, hostname } = leaf as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
    hostname?: string;
  };
  const place = address === undefined ? hostname : port === undefined ? address : `${address}:${port}`;
  if (code !== undefined && place !== undefined) return `${code} ${place}`;
  const text = sanitize(leaf.message);
  return code === undefined || text.includes(code) ? text : `${code}: ${text}`;
}

function deeper(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors[error.errors.length - 1];
  return error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
}
