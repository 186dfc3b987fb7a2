import type { HttpReply } from './exchange';

/** Shorter beginnings of a key at the end of a cut text are left: they give nothing away. */
const TELLING = 4;

/**
 * Takes the API key out of a reply: a service that echoes the request, in its body or headers, must not carry the key into
 * a message. A body that was cut may end in the middle of it.
 */
export function withoutKey(reply: HttpReply, key: string): HttpReply {
  // In a JSON body some characters of a key are escaped.
  const forms = [...new Set([key, JSON.stringify(key).slice(1, -1)])];
  const conceal = (text: string): string => forms.reduce((rest, form) => rest.replaceAll(form, '…'), text);
  for (const [name, value] of Object.entries(reply.headers)) {
    if (typeof value === 'string') reply.headers[name] = conceal(value);
  }
  reply.text = conceal(reply.text);
  if (reply.cut !== undefined) reply.text = forms.reduce(withoutBeginning, reply.text);
  return reply;
}

function withoutBeginning(text: string, key: string): string {
  for (let length = key.length - 1; length >= TELLING; length--) {
    if (text.endsWith(key.slice(0, length))) return `${text.slice(0, -length)}…`;
  }
  return text;
}
