/** `api`: the provisioning service; `deviceApi`: device management; `summary`: the host of the error summaries. */
export type FaultHost = 'api' | 'deviceApi' | 'summary';

/** The requests to which a fault is applied. Everything that is given has to match. */
export interface FaultMatch {
  /** Default: the host that has the `operation`, else `api`. */
  host?: FaultHost;
  method?: string;
  /** A text is the whole path without `/v1` and query, `*` stands for anything; a RegExp is tested on path and query. */
  path?: string | RegExp;
  /** Name of an operation, e.g. `claim` (the table in README.md). */
  operation?: string;
  /** From the n-th matching request on, counted from 1. Without `times` this one only. */
  nth?: number;
  /** With this probability, 0 to 1 (drawn from the seed). */
  chance?: number;
}

/**
 * What goes wrong. Fields combine: the response is created or taken from the operation, then changed, then sent with the fault.
 *
 * The operation is carried out first for `emptyBody`, `cutBody`, `cutJson`, `slow`, `headers` and `drop: 'after'`, and
 * not carried out for those that replace its response (`status`, `body`, `html`, `redirect`, `retryAfter`, `dripBody`,
 * `hugeBody`) and `drop: 'before'`. `afterWork` says otherwise.
 */
export interface FaultRule {
  match?: FaultMatch;
  /** How often it is applied. Default: until it is removed; with `nth`, once. */
  times?: number;
  /** true: carry out the operation although its response is replaced. false: do not. */
  afterWork?: boolean;
  status?: number;
  /** A text goes out as it is (text/plain), anything else as JSON. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** `Retry-After`: seconds, or any text. Status 429 unless given. */
  retryAfter?: string | number;
  /** No body at all. */
  emptyBody?: boolean;
  /** The HTML error page of a gateway. Status 502 unless given. */
  html?: boolean;
  /** Redirects there. Status 307 unless given. */
  redirect?: string;
  /** Announces the whole body, sends half and cuts the connection. */
  cutBody?: boolean;
  /** Sends half the body, with the right length for it: JSON that ends too early. */
  cutJson?: boolean;
  /** Stands still before the header or in the middle of the body, for milliseconds or for ever. */
  slow?: { where: 'headers' | 'body'; ms: number | 'forever' };
  /** A body that never ends, a byte at a time. */
  dripBody?: boolean | { everyMs: number };
  /** A body of this many bytes: one JSON object with one long text. `Infinity` never ends. */
  hugeBody?: number;
  /** Cuts the connection without a response, before or after the operation was carried out. */
  drop?: 'before' | 'after';
}

const RULE_FIELDS: ReadonlySet<string> = new Set([
  'match',
  'times',
  'afterWork',
  'status',
  'body',
  'headers',
  'retryAfter',
  'emptyBody',
  'html',
  'redirect',
  'cutBody',
  'cutJson',
  'slow',
  'dripBody',
  'hugeBody',
  'drop',
] satisfies (keyof FaultRule)[]);
const MATCH_FIELDS: ReadonlySet<string> = new Set([
  'host',
  'method',
  'path',
  'operation',
  'nth',
  'chance',
] satisfies (keyof FaultMatch)[]);

/**
 * Refuses rules with misspelt fields, which would otherwise silently never match, and statuses that cannot be sent.
 * @throws TypeError naming the field
 */
export function checkRule(rule: FaultRule): void {
  const { status = 200 } = rule;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new TypeError('The status of a fault is an HTTP status from 200 to 599.');
  }
  if (rule.hugeBody !== undefined && !(rule.hugeBody >= 14)) {
    throw new TypeError('A huge body has 14 bytes or more.');
  }
  for (const name of Object.keys(rule)) {
    if (!RULE_FIELDS.has(name)) throw new TypeError(`A fault has no field "${name}".`);
  }
  for (const name of Object.keys(rule.match ?? {})) {
    if (!MATCH_FIELDS.has(name)) throw new TypeError(`The match of a fault has no field "${name}".`);
  }
}

/** Whether the rule replaces the response of the operation. */
export function replacesResponse(rule: FaultRule): boolean {
  return (
    rule.status !== undefined ||
    rule.body !== undefined ||
    rule.html === true ||
    rule.redirect !== undefined ||
    rule.retryAfter !== undefined ||
    isEndless(rule) ||
    rule.hugeBody !== undefined
  );
}

/** Whether the operation is carried out before the fault is applied. */
export function runsOperationFirst(rule: FaultRule): boolean {
  if (rule.drop !== undefined) return rule.drop === 'after';
  return rule.afterWork ?? !replacesResponse(rule);
}

/** Whether the body never ends. */
export function isEndless(rule: FaultRule): boolean {
  return rule.dripBody !== undefined && rule.dripBody !== false;
}
