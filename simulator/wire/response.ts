/** The response of an operation. No `body` is an empty body; anything else is sent as JSON. */
export interface ServiceResponse {
  status: number;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

/** A response as it is sent. */
export interface WireResponse {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** Encodes a response. */
export function toWire(answer: ServiceResponse): WireResponse {
  if (answer.body === undefined) return { status: answer.status, headers: { ...answer.headers }, text: '' };
  return {
    status: answer.status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...answer.headers },
    text: JSON.stringify(answer.body),
  };
}
