import { isDeepStrictEqual } from 'node:util';
import type { Message } from '../../test/support/node-rig';
import { RETRIES, type CellRun } from './cell';
import type { Script } from './fault-server';
import { NEWS, type Fault, type Group } from './fault-table';
import type { Operation } from './operation';
import { attemptsOf } from './outcome-table';

/** Everything that is wrong with how a cell went. */
export function judge({
  cell,
  script,
  prepared,
  original,
  outputs,
  caught,
  completed,
  steps,
  status,
}: CellRun): string[] {
  const { operation, fault, expected, when } = cell;
  const problems: string[] = [];
  const must = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const [failure] = caught;
  const ended: string = failure === undefined ? 'ok' : String(failure['error'].code);
  must(caught.length + completed.length === 1, `it ended ${caught.length + completed.length} times`);
  must(steps.filter((step) => step === 'ended').length === 1, `its endings by Node-RED's hook: ${steps.join(', ')}`);
  must(steps.at(-1) === 'ended', 'it was sent on after its end');
  must(ended === expected, `it ended with ${ended} instead of ${expected}: ${failure?.['error'].message ?? ''}`);
  const colour = `${String(status?.['fill'])} ${String(status?.['shape'])}`;
  const { status: wanted = 'green dot' } = prepared;
  const good = typeof wanted === 'function' ? wanted(outputs) : wanted;
  must(colour === (ended === 'ok' ? good : 'red ring'), `its status is ${colour} after ${ended}`);

  const struck = script.arrivals.filter((arrival) => arrival.struck);
  must(fault.place !== undefined || struck.length > 0, 'the fault never struck');
  if (when === 'lasting') {
    const attempts = attemptsOf(operation, fault, expected, RETRIES.lasting);
    must(
      attempts === undefined || struck.length === attempts,
      `it was tried ${struck.length} times instead of ${attempts}`,
    );
  }
  // A check requests several things at once.
  if (fault.keepsAway !== undefined && struck[0] !== undefined && operation.step !== 'check') {
    const later = script.arrivals.slice(script.arrivals.indexOf(struck[0]) + 1);
    const next = later.find(({ host }) => host === struck[0]!.host);
    const gap = next === undefined ? Infinity : next.at - struck[0].at;
    must(gap >= fault.keepsAway - 20, `the next request came after ${gap} ms`);
  }

  const work = prepared.effects?.();
  must((prepared.harm?.() ?? 0) === 0, 'it did what it must never do');
  must(work === undefined || work <= 1, `its work was done ${work} times`);
  if (ended === 'ok') {
    must(work === undefined || work === 1, 'it says that it is done, and it is not');
    // What came instead of a result is passed on as it is, where no result is needed.
    if (expected === 'ok' && !operation.content.includes(fault.group))
      problems.push(...checked(() => prepared.check(outputs, { fault, when })));
  } else {
    must(
      work !== 1 || mayHaveWorked(fault) || operation.polls === true,
      'it was done although the service never got to do it',
    );
    if (operation.isSentOnce === true && work === 1)
      must(
        failure?.['error'].cause.mayHaveSucceeded === true,
        'it was done, and its error does not say that it may be',
      );
  }
  const mutations = script.arrivals.filter(({ worked, method }) => worked && method !== 'GET').length;
  if (operation.step === 'claim') must(mutations <= 1, `the claim came to the service ${mutations} times`);
  if (operation.shows && ended === 'ok' && fault.name.startsWith('unknown ') && fault.group === 'news') {
    must(JSON.stringify(outputs).includes(NEWS), 'what the service newly says is lost');
  }
  if (failure !== undefined) problems.push(...aboutReport(failure, script, original, operation));
  return problems;
}

function checked(check: () => void): string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [`its result is wrong: ${String(error).replace(/\s+/g, ' ').slice(0, 300)}`];
  }
}

const UNTOUCHED: ReadonlySet<Group> = new Set<Group>([
  'no connection',
  'broken off before the work',
  'stall before the work',
  'refusal',
  'trouble',
  'too long a wait',
  'redirect',
  'endless trickle',
]);

function mayHaveWorked({ group }: Fault): boolean {
  return !UNTOUCHED.has(group);
}

/** What is wrong with what the Catch node got. */
function aboutReport(msg: Message, { key }: Script, original: unknown, { node }: Operation): string[] {
  const problems: string[] = [];
  const { message, cause } = msg['error'] as { message: string; cause: Message };
  if (!isDeepStrictEqual(msg['payload'], original))
    problems.push(`its payload has become ${JSON.stringify(msg['payload']).slice(0, 100)}`);
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(cause)), cause)) problems.push('its cause is not plain JSON');
  if (JSON.stringify(msg['error']).includes(key)) problems.push('the API key is in the report');
  if (/[A-Za-z0-9_-]{60,}/.test(message)) problems.push('something as long as a token is in the sentence');
  if (/[\n\r]/.test(message) || message.length > 700) problems.push('the sentence is no sentence');
  if (
    typeof cause['operation'] !== 'string' ||
    typeof cause['method'] !== 'string' ||
    typeof cause['path'] !== 'string'
  ) {
    problems.push('its cause does not say what was asked');
  }
  if (cause['statusCode'] !== undefined && msg['statusCode'] !== cause['statusCode'])
    problems.push('msg.statusCode is not the last response’s');
  if (JSON.stringify(cause['body'] ?? null).length > 140_000) problems.push('its cause carries a huge body');
  if (typeof cause['attempts'] !== 'number') problems.push(`${node} does not count its attempts`);
  return problems;
}
