import { toWire, type WireResponse } from '../wire/response';
import { isEndless, type FaultRule } from './rule';

const GATEWAY_PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n';

/**
 * The response of the operation or one of the rule itself, changed field by field.
 * @param real what the operation answered, absent if it was not carried out
 */
export function alterResponse(rule: FaultRule, real: WireResponse | undefined): WireResponse {
  const answer = replaceBody(rule, real ?? toWire({ status: 500, body: { message: 'Internal Server Error' } }));
  answer.status = rule.status ?? defaultStatus(rule) ?? answer.status;
  if (rule.retryAfter !== undefined) answer.headers['retry-after'] = String(rule.retryAfter);
  if (rule.redirect !== undefined) answer.headers['location'] = rule.redirect;
  Object.assign(answer.headers, rule.headers);
  return answer;
}

function replaceBody(rule: FaultRule, answer: WireResponse): WireResponse {
  const headers = { ...answer.headers };
  if (rule.emptyBody) {
    delete headers['content-type'];
    return { ...answer, headers, text: '' };
  }
  if (rule.html) return { ...answer, headers: { ...headers, 'content-type': 'text/html' }, text: GATEWAY_PAGE };
  if (rule.body !== undefined) {
    const isText = typeof rule.body === 'string';
    headers['content-type'] = isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
    return { ...answer, headers, text: isText ? (rule.body as string) : JSON.stringify(rule.body) };
  }
  return { ...answer, headers, text: rule.cutJson ? firstHalf(answer.text) : answer.text };
}

function defaultStatus(rule: FaultRule): number | undefined {
  if (rule.html) return 502;
  if (rule.redirect !== undefined) return 307;
  if (rule.retryAfter !== undefined) return 429;
  if (rule.body !== undefined || rule.hugeBody !== undefined || isEndless(rule)) return 200;
  return undefined;
}

/** Half of a text, and never all of it. */
export function firstHalf(text: string): string {
  return text.slice(0, Math.floor(text.length / 2));
}
