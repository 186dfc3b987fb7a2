import type { ApiVersion } from '../../nodes/api/endpoints';
import type { ErrorCode } from '../../nodes/api/errors';
import type { Fault, Group } from './fault-table';
import type { Persistence } from './operation';

/** How a message has to end. */
export type Outcome = 'ok' | ErrorCode;

/** What the contract says of an HTTP status. */
const BY_STATUS: Record<number, ErrorCode> = {
  401: 'NRFCLOUD_UNAUTHORIZED',
  403: 'NRFCLOUD_FORBIDDEN',
  404: 'NRFCLOUD_NOT_FOUND',
  409: 'NRFCLOUD_CONFLICT',
  429: 'NRFCLOUD_RATE_LIMITED',
};
/** The code of an HTTP status. */
export const byStatus = ({ status = 0 }: Pick<Fault, 'status'>): ErrorCode =>
  BY_STATUS[status] ?? (status >= 500 ? 'NRFCLOUD_UNAVAILABLE' : 'NRFCLOUD_REJECTED');

/** What an outcome may depend on beside the operation and the group of the fault. */
interface Circumstances {
  group: Group;
  status?: number | undefined;
  version: ApiVersion;
  when: Persistence;
}

/** A rule of an operation beside the general ones. */
export interface Exception {
  step: string;
  when?: Persistence;
  groups: readonly Group[];
  outcome: Outcome | ((cell: Circumstances) => Outcome | undefined);
  why: string;
}

const BODIES: readonly Group[] = ['empty body', 'null body', 'array body', 'scalar body', 'unreadable body'];
export const NETWORK: readonly Group[] = [
  'no connection',
  'broken off before the work',
  'broken off after the work',
  'broken off in the body',
  'stall before the work',
  'stall after the work',
  'stall in the body',
  'endless trickle',
];
const LOST: readonly Group[] = [...NETWORK.filter((group) => group !== 'no connection'), 'trouble after the work'];
const ALL: readonly Group[] = [
  ...NETWORK,
  'refusal',
  'trouble',
  'trouble after the work',
  'too long a wait',
  'redirect',
  ...BODIES,
  'news',
  'unknown status',
];
const TROUBLE: readonly Group[] = [...NETWORK, 'trouble', 'trouble after the work', 'too long a wait'];

/** Statuses that say that the service has not begun the work, so that it can be sent again (contract). */
const NOT_BEGUN: ReadonlySet<number | undefined> = new Set([425, 429, 503]);

/** Whether a step is sent again after a status: a command is not after those that may come from a gateway (contract). */
export const isRepeatedAfter = (step: string, status: number | undefined): boolean =>
  NOT_BEGUN.has(status) && (step !== 'create command' || status === 429 || status === 503);

/** Where an operation's own rules say otherwise; the first that fits counts. */
export const EXCEPTIONS: readonly Exception[] = [
  ...['claim', 'unclaim'].map((step): Exception => ({
    step,
    when: 'lasting',
    groups: [
      'broken off after the work',
      'broken off in the body',
      'stall after the work',
      'stall in the body',
      'trouble after the work',
    ],
    outcome: 'ok',
    why: 'contract: after a lost response the device is looked up',
  })),
  {
    step: 'claim',
    groups: BODIES,
    outcome: 'ok',
    why: 'contract, rule 7: a claim answered without the id of the device is looked up',
  },
  ...['create tag', 'update tag', 'delete tag', 'unclaim', 'change of a device'].map((step): Exception => ({
    step,
    groups: ['unreadable body'],
    outcome: 'ok',
    why: 'contract, rule 7: a success that is not about the target is confirmed by a get',
  })),
  ...['delete tag', 'create tag'].map((step): Exception => ({
    step,
    when: 'lasting',
    groups: ['broken off in the body', 'stall in the body'],
    outcome: 'ok',
    why: 'contract: repeated, it is answered 404 or 409; that status is known though its body never comes whole',
  })),
  {
    step: 'upload',
    when: 'once',
    groups: ['refusal'],
    outcome: ({ status }) => (status === 413 ? 'ok' : undefined),
    why: 'contract: 413 halves the upload',
  },
  {
    step: 'upload',
    when: 'lasting',
    groups: ['broken off in the body', 'stall in the body'],
    outcome: ({ version }) => (version === 'current' ? 'NRFCLOUD_REJECTED' : undefined),
    why: 'ours: sent again, `current` answers 400 as the rows are claimed already; that status is known, the lists are not',
  },
  {
    step: 'find a tag',
    when: 'once',
    groups: ['array body'],
    outcome: 'ok',
    why: 'ours: a list without the tag; its creation then is a conflict, and looked into',
  },
  {
    step: 'find a tag',
    groups: ['array body'],
    outcome: 'NRFCLOUD_CONFLICT',
    why: 'ours: as above, and it is never found',
  },
  {
    step: 'check',
    groups: ALL,
    outcome: 'ok',
    why: 'contract: what is not known is a result, too',
  },
  {
    step: 'follow',
    groups: ALL,
    outcome: 'ok',
    why: 'contract: trouble is waited out, and at the timeout the device is reported as not onboarded',
  },
  {
    step: 'create rule',
    groups: [
      'broken off after the work',
      'broken off in the body',
      'stall after the work',
      'stall in the body',
      'trouble after the work',
      ...BODIES,
    ],
    outcome: 'ok',
    why: 'contract: ensure is repeat-safe; after a lost or unusable response the list of rules shows the rule',
  },
  {
    step: 'find a rule',
    groups: ['array body', 'empty body'],
    outcome: ({ when }) => (when === 'once' ? 'ok' : 'NRFCLOUD_CONFLICT'),
    why: 'ours: a list without the rule; its creation is a conflict, and is looked up, without a result if the list never shows it',
  },
  {
    step: 'create command',
    when: 'once',
    groups: [...LOST, 'trouble'],
    outcome: ({ group, status = 0 }) => {
      if (group === 'trouble' && isRepeatedAfter('create command', status)) return undefined;
      if (group.startsWith('stall') || group === 'endless trickle') return 'NRFCLOUD_TIMEOUT';
      return byStatus({ status: status || 500 });
    },
    why: 'contract: a command whose creation lost its response is not created again',
  },
  {
    step: 'poll command',
    groups: ['refusal'],
    outcome: ({ status = 0, when }) => {
      if (![401, 403, 404].includes(status)) return undefined;
      return when === 'once' ? 'ok' : 'NRFCLOUD_TIMEOUT';
    },
    why: 'contract: as for polls; a new command may be unknown for a minute',
  },
  {
    step: 'poll command',
    groups: [...TROUBLE.filter((group) => group !== 'no connection'), ...BODIES, 'redirect'],
    outcome: ({ when }) => (when === 'once' ? 'ok' : 'NRFCLOUD_TIMEOUT'),
    why: 'contract: trouble while polling is waited out until the timeout',
  },
  {
    step: 'poll',
    groups: ['refusal'],
    outcome: ({ status = 0, when }) => {
      if (![401, 403, 404].includes(status)) return undefined;
      return when === 'once' ? 'ok' : 'NRFCLOUD_TIMEOUT';
    },
    why: 'contract: 404 is waited out for a minute, 401 and 403 for five',
  },
  {
    step: 'poll',
    when: 'once',
    groups: [...TROUBLE.filter((group) => group !== 'no connection'), ...BODIES, 'redirect'],
    outcome: 'ok',
    why: 'contract: trouble while polling is waited out; answers that cannot be read are trouble, too (ours)',
  },
  {
    step: 'poll',
    groups: [...TROUBLE, ...BODIES, 'redirect'],
    outcome: 'NRFCLOUD_TIMEOUT',
    why: 'contract: trouble while polling is waited out until the timeout',
  },
  {
    step: 'summary',
    groups: [...TROUBLE, ...BODIES, 'refusal', 'redirect'],
    outcome: 'ok',
    why: 'contract: the result stands without its error summary',
  },
  {
    step: 'read before update',
    groups: [...BODIES, 'redirect'],
    outcome: 'ok',
    why: 'ours: what the path by id does not tell is read from the list of all tags',
  },
  {
    step: 'read before update',
    groups: ['refusal'],
    outcome: ({ status }) => (status === 404 ? 'ok' : undefined),
    why: 'ours: as above; the path may mean a device’s id (guide)',
  },
  {
    step: 'look up a device',
    groups: ['refusal'],
    outcome: ({ status }) => (status === 401 ? undefined : 'NRFCLOUD_CONFLICT'),
    why: 'contract: 409, and the lookup finds nothing; any refusal but that of the key is nothing found (ours)',
  },
  {
    step: 'look up a device',
    when: 'lasting',
    groups: ['trouble'],
    outcome: ({ status = 0 }) => ([408, 425].includes(status) ? 'NRFCLOUD_CONFLICT' : undefined),
    why: 'ours: as above, when all retries were refused',
  },
];
