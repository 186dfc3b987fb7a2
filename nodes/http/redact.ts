import type { HttpResponse } from './exchange';

/** Where services write the id of a request; the only headers whose text a report holds. */
export const REQUEST_ID_HEADERS = [
  'x-request-id',
  'x-amzn-requestid',
  'x-amz-request-id',
  'apigw-requestid',
  'x-correlation-id',
  'request-id',
];

/** Shorter beginnings of a key at the end of a cut text are left: they give nothing away. */
const TELLING = 4;

/**
 * Takes the API key out of responses: a service that echoes the request, in its body or headers, must not carry the key into
 * a message. A body that was cut may end in the middle of it.
 */
export class Redactor {
  /** In a JSON body some characters of a key are escaped. */
  readonly #forms: string[];

  constructor(key: string) {
    this.#forms = [...new Set([key, JSON.stringify(key).slice(1, -1)])];
  }

  /** The same response, changed in place. */
  conceal(response: HttpResponse): HttpResponse {
    // No other header is told.
    for (const name of REQUEST_ID_HEADERS) {
      const value = response.headers[name];
      if (typeof value === 'string') response.headers[name] = this.#without(value);
    }
    response.text = this.#without(response.text);
    if (response.truncated !== undefined) response.text = this.#forms.reduce(withoutBeginning, response.text);
    return response;
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
