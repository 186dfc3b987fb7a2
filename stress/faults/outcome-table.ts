import type { ErrorCode } from '../../nodes/api/errors';
import type { Fault, Group } from './fault-table';
import type { Generation, Operation } from './operation-table';

/** How a message has to end. */
export type Outcome = 'ok' | ErrorCode;

/** Whether a fault strikes one request and then heals, or all of them. */
export type Persistence = 'once' | 'lasting';

/** What the contract says of an HTTP status. */
const BY_STATUS: Record<number, ErrorCode> = {
  401: 'NRFCLOUD_UNAUTHORIZED',
  403: 'NRFCLOUD_FORBIDDEN',
  404: 'NRFCLOUD_NOT_FOUND',
  409: 'NRFCLOUD_CONFLICT',
  429: 'NRFCLOUD_RATE_LIMITED',
};
const byStatus = ({ status = 0 }: Fault): ErrorCode =>
  BY_STATUS[status] ?? (status >= 500 ? 'NRFCLOUD_UNAVAILABLE' : 'NRFCLOUD_REJECTED');

/**
 * How a message ends when its request is struck once, and when it is struck again and again. Source: the contract's codes and its
 * paragraph on retries. "(ours)": the contract leaves it open, and this is what we decided.
 */
const OUTCOMES: Record<Group, Record<Persistence, Outcome | ((fault: Fault) => Outcome)>> = {
  'no connection': { once: 'NRFCLOUD_UNAVAILABLE', lasting: 'NRFCLOUD_UNAVAILABLE' },
  'broken off before the work': { once: 'ok', lasting: 'NRFCLOUD_UNAVAILABLE' },
  'broken off after the work': { once: 'ok', lasting: 'NRFCLOUD_UNAVAILABLE' },
  'broken off in the body': { once: 'ok', lasting: 'NRFCLOUD_UNAVAILABLE' },
  'stall before the work': { once: 'ok', lasting: 'NRFCLOUD_TIMEOUT' },
  'stall after the work': { once: 'ok', lasting: 'NRFCLOUD_TIMEOUT' },
  'stall in the body': { once: 'ok', lasting: 'NRFCLOUD_TIMEOUT' },
  refusal: { once: byStatus, lasting: byStatus },
  trouble: { once: 'ok', lasting: byStatus },
  'trouble after the work': { once: 'ok', lasting: 'NRFCLOUD_UNAVAILABLE' },
  // Not waited out but reported.
  'too long a wait': { once: byStatus, lasting: byStatus },
  // The contract only says that the key goes nowhere else. A redirect is not followed, to whatever host (ours).
  redirect: { once: 'NRFCLOUD_BAD_RESPONSE', lasting: 'NRFCLOUD_BAD_RESPONSE' },
  'empty body': { once: 'NRFCLOUD_BAD_RESPONSE', lasting: 'NRFCLOUD_BAD_RESPONSE' },
  'null body': { once: 'NRFCLOUD_BAD_RESPONSE', lasting: 'NRFCLOUD_BAD_RESPONSE' },
  'array body': { once: 'NRFCLOUD_BAD_RESPONSE', lasting: 'NRFCLOUD_BAD_RESPONSE' },
  'scalar body': { once: 'NRFCLOUD_BAD_RESPONSE', lasting: 'NRFCLOUD_BAD_RESPONSE' },
  'unreadable body': { once: 'NRFCLOUD_BAD_RESPONSE', lasting: 'NRFCLOUD_BAD_RESPONSE' },
  'endless trickle': { once: 'ok', lasting: 'NRFCLOUD_TIMEOUT' },
  news: { once: 'ok', lasting: 'ok' },
  'unknown status': { once: 'ok', lasting: 'ok' },
};

/** What an outcome may depend on beside the operation and the group of the fault. */
interface Circumstances {
  status?: number | undefined;
  generation: Generation;
  when: Persistence;
}

interface Exception {
  step: string;
  when?: Persistence;
  groups: readonly Group[];
  outcome: Outcome | ((cell: Circumstances) => Outcome | undefined);
  why: string;
}

const BODIES: readonly Group[] = ['empty body', 'null body', 'array body', 'scalar body', 'unreadable body'];
const NETWORK: readonly Group[] = [
  'no connection',
  'broken off before the work',
  'broken off after the work',
  'broken off in the body',
  'stall before the work',
  'stall after the work',
  'stall in the body',
  'endless trickle',
];
const TROUBLE: readonly Group[] = [...NETWORK, 'trouble', 'trouble after the work', 'too long a wait'];

/** Where an operation's own rules say otherwise; the first that fits counts. */
const EXCEPTIONS: readonly Exception[] = [
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
    outcome: ({ generation }) => (generation === 'current' ? 'NRFCLOUD_REJECTED' : undefined),
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

/** How a cell of the matrix has to end. */
export function outcomeOf(
  { step, content }: Operation,
  generation: Generation,
  fault: Fault,
  when: Persistence,
): Outcome {
  if (content.includes(fault.group)) return 'ok';
  for (const exception of EXCEPTIONS) {
    if (exception.step !== step || (exception.when ?? when) !== when || !exception.groups.includes(fault.group))
      continue;
    const outcome =
      typeof exception.outcome === 'function'
        ? exception.outcome({ status: fault.status, generation, when })
        : exception.outcome;
    if (outcome !== undefined) return outcome;
  }
  const outcome = OUTCOMES[fault.group][when];
  return typeof outcome === 'function' ? outcome(fault) : outcome;
}

/** Groups whose requests are repeated until the retries are used up. */
const REPEATED: ReadonlySet<Group> = new Set<Group>([
  ...NETWORK.filter((group) => group !== 'no connection'),
  'trouble',
  'trouble after the work',
]);

/** How often the struck request is sent when the fault lasts, as far as the table says; `undefined` where polling decides. */
export function attemptsOf(
  { step, polls }: Operation,
  fault: Fault,
  outcome: Outcome,
  retries: number,
): number | undefined {
  // Where more than one request is of the struck kind, their number says nothing.
  if (
    polls === true ||
    step === 'summary' ||
    step === 'claim, all' ||
    step === 'find a tag' ||
    fault.place !== undefined
  )
    return undefined;
  if (outcome === 'ok') return undefined;
  // The upload is halved, and each half is sent.
  if (step === 'upload' && fault.status === 413) return undefined;
  return REPEATED.has(fault.group) ? retries + 1 : 1;
}
