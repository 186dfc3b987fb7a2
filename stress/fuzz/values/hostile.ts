import fc from 'fast-check';
import { oddText } from './texts';
import { damagedToken, soundToken } from './tokens';

const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 'the end';
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
};
const throwing = (thrown: () => unknown): (() => never) => {
  return () => {
    throw thrown();
  };
};
const getter = (name: string, thrown: () => unknown): object =>
  Object.defineProperty({}, name, { get: throwing(thrown), enumerable: true, configurable: true });
const proxy = (thrown: () => unknown): object => {
  const trap = throwing(thrown);
  const traps = ['get', 'set', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'deleteProperty'];
  return new Proxy({}, Object.fromEntries(traps.map((name) => [name, trap])));
};
const revoked = (target: object): object => {
  const { proxy: value, revoke } = Proxy.revocable(target, {});
  revoke();
  return value;
};

/** What code may throw; not all of it can be turned into text. */
const THROWN: Record<string, () => unknown> = {
  Error: () => new Error('thrown by a getter'),
  TypeError: () => new TypeError('thrown by a getter'),
  RangeError: () => new RangeError('thrown by a getter'),
  undefined: () => undefined,
  text: () => 'text',
  Symbol: () => Symbol('thrown'),
  'an object without text': () => Object.create(null) as unknown,
  'an Error with odd fields': () => Object.assign(new Error(), { name: Symbol('name'), message: {} }),
  'a Proxy that was revoked': () => revoked({}),
};

const KINDS: Record<string, () => unknown> = {
  'deep array': () => nested(10_000, (inner) => [inner]),
  'deep object': () => nested(10_000, (inner) => ({ inner })),
  'deep claimToken': () => ({ claimToken: nested(10_000, (inner) => [inner]) }),
  'deep tags': () => ({ tags: nested(10_000, (inner) => [inner]), id: 'x', tag: 'x' }),
  'long text': () => 'x'.repeat(300_000),
  'long text of commas': () => ','.repeat(300_000),
  'long array': () => Array(5000).fill('a'),
  'array with holes': () => Object.assign([], { 3: 'x' }),
  cycle: () => {
    const value: Record<string, unknown> = { id: 'x' };
    return Object.assign(value, { self: value, tags: [value], claimToken: value });
  },
  'cyclic array': () => {
    const value: unknown[] = [];
    value.push(value);
    return value;
  },
  'own __proto__': () => JSON.parse('{"__proto__":{"polluted":1,"id":"x","tag":"x"}}') as unknown,
  'own constructor': () => JSON.parse('{"constructor":{"prototype":{"polluted":1}},"id":"x"}') as unknown,
  'own toString': () => JSON.parse('{"toString":null,"valueOf":1,"hasOwnProperty":1,"id":"x","tag":"x"}') as unknown,
  'toJSON that throws': () => ({ id: 'x', tag: 'x', toJSON: throwing(() => new Error('toJSON')) }),
  'no prototype': () => Object.assign(Object.create(null) as object, { id: 'x', claimToken: 'x', tag: 'x' }),
  frozen: () => Object.freeze({ id: 'x', tag: Object.freeze(['x']) }),
  Buffer: () => Buffer.from('x-1'),
  'Buffer of noise': () => Buffer.from('ff00fe80c3', 'hex'),
  'Buffer of NULs': () => Buffer.alloc(70_000),
  Uint8Array: () => new Uint8Array([104, 105]),
  Float64Array: () => new Float64Array([1, NaN]),
  ArrayBuffer: () => new ArrayBuffer(8),
  DataView: () => new DataView(new ArrayBuffer(8)),
  Symbol: () => Symbol('x'),
  'Symbol in an array': () => [Symbol('x')],
  BigInt: () => 12n,
  'BigInt in an object': () => ({ id: 12n, tag: 12n, claimToken: 12n, tags: [12n] }),
  Date: () => new Date(0),
  'invalid Date': () => new Date(NaN),
  RegExp: () => /x/,
  Map: () => new Map([['id', 'x']]),
  Set: () => new Set(['x']),
  Error: () => new Error('x'),
  Promise: () => Promise.resolve('x'),
  function: () => () => 'x',
  class: () => Map,
  'boxed text': () => new String('x'),
  NaN: () => NaN,
  Infinity: () => Infinity,
  '-0': () => -0,
  'throwing Symbol.toPrimitive': () => ({ [Symbol.toPrimitive]: throwing(() => new Error('x')), id: 'x' }),
};
for (const [name, thrown] of Object.entries(THROWN)) {
  for (const field of ['claimToken', 'id', 'tag', 'tags', 'bulkOpsRequestId', 'query', '0']) {
    KINDS[`getter ${field} that throws ${name}`] = () => getter(field, thrown);
  }
  KINDS[`Proxy that throws ${name}`] = () => proxy(thrown);
  KINDS[`array with a getter that throws ${name}`] = () => Object.defineProperty(['x'], 0, { get: throwing(thrown) });
}
KINDS['revoked Proxy'] = () => revoked({});
KINDS['revoked Proxy of an array'] = () => revoked([]);
KINDS['revoked Proxy of a function'] = () => revoked(() => undefined);

/** How to make a value, so that a failing case can be printed whatever the value is. */
export type Recipe =
  { value: unknown } | { hostile: string } | { field: string; is: Recipe } | { items: Recipe[] } | { buffer: string };

/** Makes a value of a recipe, a new one each time. */
export function build(recipe: Recipe): unknown {
  if ('value' in recipe) return structuredClone(recipe.value);
  if ('buffer' in recipe) return Buffer.from(recipe.buffer);
  if ('items' in recipe) return recipe.items.map(build);
  if ('hostile' in recipe) return KINDS[recipe.hostile]!();
  // Defined, not assigned: assigning to __proto__ would set the prototype.
  return Object.defineProperty({ id: 'x', claimToken: 'x' }, recipe.field, {
    value: build(recipe.is),
    ...{ enumerable: true, configurable: true, writable: true },
  });
}

/** Names of hostile values, for tests that want each of them. */
const HOSTILE: readonly string[] = Object.keys(KINDS);

const FIELDS = [
  'claimToken',
  'tags',
  'id',
  'deviceId',
  'tag',
  'description',
  'bulkOpsRequestId',
  'claimedIds',
  'failed',
];
const NAMES = fc.constantFrom(...FIELDS, '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'x');

const plain: fc.Arbitrary<Recipe> = fc
  .oneof(
    oddText,
    soundToken.map(({ claimToken }) => claimToken),
    damagedToken,
    fc.constantFrom<unknown>(null, undefined, true, false, 0, 1, -1, 1.5, '', ' ', '.', '..', 'x', 'a,b', [], {}, [
      'x',
    ]),
    fc.uuid(),
    fc.jsonValue({ maxDepth: 3 }),
    fc.dictionary(NAMES, fc.oneof(oddText, fc.jsonValue({ maxDepth: 1 })), { maxKeys: 4 }),
  )
  .map((value) => ({ value }));
const hostile: fc.Arbitrary<Recipe> = fc.constantFrom(...HOSTILE).map((name) => ({ hostile: name }));
const one: fc.Arbitrary<Recipe> = fc.oneof(
  { weight: 3, arbitrary: plain },
  { weight: 2, arbitrary: hostile },
  { weight: 1, arbitrary: fc.oneof(oddText, damagedToken).map((buffer) => ({ buffer })) },
);

/** Any value that a message may hold, alone, in a field that some node reads, or in an array. */
export const anyRecipe: fc.Arbitrary<Recipe> = fc.oneof(
  { weight: 3, arbitrary: one },
  { weight: 2, arbitrary: fc.record({ field: NAMES, is: one }) },
  { weight: 1, arbitrary: fc.array(one, { maxLength: 4 }).map((items) => ({ items })) },
);

/** Whether a value does not throw when it is looked at; what stands around the readers takes those that do. */
export const isLookable = (recipe: Recipe): boolean => !/throw|revoked/.test(JSON.stringify(recipe));
