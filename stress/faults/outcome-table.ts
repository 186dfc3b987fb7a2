import type { ApiVersion } from '../../nodes/api/endpoints';
import type { Fault, Group } from './fault-table';
import type { Operation, Persistence } from './operation';
import { byStatus, EXCEPTIONS, isRepeatedAfter, NETWORK, type Outcome } from './outcome-exceptions';

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

/** How a cell of the matrix has to end. */
export function outcomeOf({ step, content }: Operation, version: ApiVersion, fault: Fault, when: Persistence): Outcome {
  if (content.includes(fault.group)) return 'ok';
  for (const exception of EXCEPTIONS) {
    if (exception.step !== step || (exception.when ?? when) !== when || !exception.groups.includes(fault.group))
      continue;
    const outcome =
      typeof exception.outcome === 'function'
        ? exception.outcome({ group: fault.group, status: fault.status, version, when })
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
  { step, polls, isSentOnce }: Operation,
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
    step === 'find a rule' ||
    fault.place !== undefined
  )
    return undefined;
  if (outcome === 'ok') return undefined;
  // The upload is halved, and each half is sent.
  if (step === 'upload' && fault.status === 413) return undefined;
  if (isSentOnce === true && !isRepeatedAfter(step, fault.status)) return 1;
  return REPEATED.has(fault.group) ? retries + 1 : 1;
}
