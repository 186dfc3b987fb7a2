import { isObject } from '../util/json';

/** Where error bodies put their words, best first (our choice after what Nordic's tools read; RFC 9457; gateways). */
const FIELDS = [
  'message',
  'Message',
  'detail',
  'title',
  'error',
  'errorMessage',
  'error_description',
  'errors',
  'reason',
];
const MAX_DEPTH = 4;

/** The words for a person in an error body, empty if there are none; unfiltered, see `sanitize`. */
export function readableText(body: unknown, depth = 0): string {
  if (typeof body === 'string') return /^\s*</.test(body) ? '' : body;
  if (depth >= MAX_DEPTH) return '';
  const candidates = Array.isArray(body)
    ? body.slice(0, 1)
    : isObject(body)
      ? FIELDS.filter((field) => Object.hasOwn(body, field)).map((field) => body[field])
      : [];
  for (const candidate of candidates) {
    const text = readableText(candidate, depth + 1);
    if (text.trim() !== '') return text;
  }
  return '';
}

/** Whether a body is the page of a gateway, proxy or portal instead of the service's JSON. */
export function isWebPage(text: string): boolean {
  return /^\s*<(!doctype|html|head|body|\?xml|!--)/i.test(text);
}
