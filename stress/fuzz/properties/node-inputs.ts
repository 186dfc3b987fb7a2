import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Fleet, KEY, type Ending } from '../all-nodes';
import { property, type AnyProperty } from '../property';
import { checkRequests } from '../request-oracle';
import { SUBJECTS } from '../subjects';
import { anyRecipe, build, type Recipe } from '../values/hostile';
import { soundToken } from '../values/tokens';
import { commandMessage, credentialRecipe, SECRET } from '../values/credentials';

/** A getter that throws while a value is read ends as INVALID_INPUT, or, within the reader of rows, as INTERNAL_ERROR. */
const CODES = /^NRFCLOUD_(INVALID_INPUT|INTERNAL_ERROR|REJECTED|BAD_RESPONSE|UNAVAILABLE|NOT_FOUND)$/;

/** A message, as a recipe for each of its properties. */
interface MessageRecipe {
  payload: Recipe;
  others: [string, Recipe][];
}

const NAMES = [
  'tags',
  'rows',
  'claimedRows',
  'command',
  'cancel',
  'operation',
  'parts',
  'statusCode',
  'query',
  'tag',
  'topic',
  'req',
  'other',
];
const ODD_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'error', 'deviceId', 'x'];
const OPERATIONS = [
  'get',
  'block',
  'unclaim',
  'list',
  'create',
  'delete',
  'find',
  'ensure',
  ' get ',
  'constructor',
  '__proto__',
];
const other = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...NAMES), anyRecipe) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...ODD_NAMES), anyRecipe) },
  { weight: 1, arbitrary: fc.constantFrom(...OPERATIONS).map((value): [string, Recipe] => ['operation', { value }]) },
  { weight: 1, arbitrary: commandMessage.map((value): [string, Recipe] => ['command', { value }]) },
);
const payload = fc.oneof(
  { weight: 5, arbitrary: anyRecipe },
  { weight: 1, arbitrary: soundToken.map(({ claimToken }) => ({ value: claimToken })) },
  { weight: 1, arbitrary: credentialRecipe },
);
const message: fc.Arbitrary<MessageRecipe> = fc.record({ payload, others: fc.array(other, { maxLength: 3 }) });

function make({ payload: first, others }: MessageRecipe): Record<string, unknown> {
  const msg: Record<string, unknown> = {};
  for (const [name, recipe] of [['payload', first] as const, ...others]) {
    // Defined, not assigned: assigning to __proto__ would set the prototype.
    Object.defineProperty(msg, name, { value: build(recipe), enumerable: true, configurable: true, writable: true });
  }
  return msg;
}

let fleet: Fleet;

export const nodeInputs: AnyProperty = property({
  name: 'a message of any kind ends once in every node, and sends nothing that is not usable',
  weight: 7,
  limitMs: 8000,
  casesPerValue: SUBJECTS.length,
  arbitrary: fc.tuple(...SUBJECTS.map(() => message)),
  setUp: async () => {
    fleet = await Fleet.start();
  },
  tearDown: () => fleet.stop(),
  check: async (recipes) => {
    const messages = recipes.map(make);
    const before = messages.map((msg) => msg['payload']);
    const endings = await fleet.send(messages);
    for (const [index, ending] of endings.entries()) {
      const subject = SUBJECTS[index]!;
      try {
        checkEnding(ending);
        if (ending.caught.length > 0)
          assert.ok(Object.is(messages[index]!['payload'], before[index]), 'payload changed');
        checkRequests(subject, ending.requests, before[index]);
      } catch (error) {
        const what = JSON.stringify(
          { ...subject, message: recipes[index] },
          (_, value: unknown) => value ?? String(value),
        );
        throw new Error(`${(error as Error).message} at ${what}`, { cause: error });
      }
    }
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined, 'Object.prototype was changed');
  },
});

function checkEnding({ ends, caught, completed }: Ending): void {
  assert.equal(ends, 1, 'done was not called once');
  // Complete is left out for a message that Node-RED cannot copy.
  assert.ok(caught.length + completed <= 1, `${caught.length} caught, ${completed} completed`);
  for (const { error } of caught) {
    assert.match(error.code, CODES);
    assert.match(error.message, /^(NrfCloudError: )?[a-z ]+: [^\n]{10,600}$/);
    assert.ok(!JSON.stringify(error).includes(KEY));
    assert.doesNotMatch(error.message, /[\w-]{70,}\.[\w-]{60,}/, 'a token is quoted');
    assert.doesNotMatch(JSON.stringify(error), SECRET, 'a private key is quoted');
    if (error.code === 'NRFCLOUD_INVALID_INPUT') assert.equal(error.cause.attempts, 0);
  }
}
