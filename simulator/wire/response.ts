/** What an operation answers. No `body` is an empty body; anything else is sent as JSON. */
export interface ServiceResponse {
  status: number;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

/** An answer as it goes over the wire. */
export interface WireResponse {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** Encodes an answer. */
export function toWire(answer: ServiceResponse): WireResponse {
  if (answer.body === undefined) return { status: answer.status, headers: { ...answer.headers }, text: '' };
  return {
    status: answer.status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...answer.headers },
    text: JSON.stringify(answer.body),
  };
}
