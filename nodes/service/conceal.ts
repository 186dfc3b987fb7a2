import type { HttpReply } from './exchange';
import { REQUEST_ID_HEADERS } from './failures';

/** Shorter beginnings of a key at the end of a cut text are left: they give nothing away. */
const TELLING = 4;

/**
 * Takes the API key out of replies: a service that echoes the request, in its body or headers, must not carry the key into
 * a message. A body that was cut may end in the middle of it.
 */
export class Concealer {
  /** In a JSON body some characters of a key are escaped. */
  readonly #forms: string[];

  constructor(key: string) {
    this.#forms = [...new Set([key, JSON.stringify(key).slice(1, -1)])];
  }

  /** The same reply, changed in place. */
  conceal(reply: HttpReply): HttpReply {
    // No other header is told.
    for (const name of REQUEST_ID_HEADERS) {
      const value = reply.headers[name];
      if (typeof value === 'string') reply.headers[name] = this.#without(value);
    }
    reply.text = this.#without(reply.text);
    if (reply.cut !== undefined) reply.text = this.#forms.reduce(withoutBeginning, reply.text);
    return reply;
  }

  #without(text: string): string {
    let rest = text;
    for (const form of this.#forms) {
      // Hardly any text holds it, and to look is cheaper than to replace.
      if (rest.length >= form.length && rest.includes(form)) rest = rest.replaceAll(form, '…');
    }
    return rest;
  }
}

function withoutBeginning(text: string, key: string): string {
  for (let length = key.length - 1; length >= TELLING; length--) {
    if (text.endsWith(key.slice(0, length))) return `${text.slice(0, -length)}…`;
  }
  return text;
}
