import assert from 'node:assert/strict';
import fc from 'fast-check';
import { runInNewContext } from 'node:vm';
import { describeType, parseJson, parseLargeJson, survivesJson } from '../../../nodes/util/json';

const nested = (levels: number, [open, close]: readonly [string, string], inside = ''): string =>
  `${open.repeat(levels)}${inside}${close.repeat(levels)}`;

describe('parseJson', () => {
  for (const brackets of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    it(`takes 500 levels of ${brackets.join('')}, and no more`, () => {
      const padding = '"x"';
      assert.doesNotThrow(() => parseJson(nested(500, brackets, padding)));
      assert.throws(
        () => parseJson(nested(501, brackets, padding)),
        (error: Error) => error instanceof SyntaxError && error.message === 'more than 500 levels',
      );
    });
  }

  it('counts levels that are open, not all that ever were', () => {
    const many = `[${Array(2000).fill('[{"a":[]}]').join(',')}]`;
    assert.equal((parseJson(many) as unknown[]).length, 2000);
  });

  it('counts no brackets in a text, whatever is escaped in it', () => {
    const brackets = '['.repeat(600);
    for (const text of [brackets, `\\"${brackets}`, `"${brackets}`, `\\\\"${brackets}"\\`, `${brackets}\\`]) {
      assert.deepEqual(parseJson(JSON.stringify([text, '['.repeat(600)])), [text, '['.repeat(600)]);
    }
    assert.throws(() => parseJson(`"${brackets}`), SyntaxError);
    assert.throws(() => parseJson(`["\\\\", ${nested(501, ['[', ']'])}]`), /more than 500 levels/);
  });

  it('takes short texts as JSON does', () => {
    assert.deepEqual(parseJson('{"a":[1,null]}'), { a: [1, null] });
    assert.throws(() => parseJson('{'), SyntaxError);
  });

  it('allows the last level however many brackets there are', () => {
    const text = `[${nested(499, ['[', ']'])},${nested(499, ['[', ']'])}]`;
    assert.equal((parseJson(text) as unknown[]).length, 2);
    assert.throws(() => parseJson(`[${nested(499, ['[', ']'])},${nested(500, ['[', ']'])}]`), /more than 500 levels/);
  });

  it('counts both kinds of brackets together', () => {
    assert.throws(() => parseJson(nested(251, ['[{"a":', '}]'], '1')), /more than 500 levels/);
    assert.doesNotThrow(() => parseJson(nested(250, ['[{"a":', '}]'], '1')));
  });

  it('refuses what is too deep though it is as short as that can be, or ends in the middle', () => {
    assert.throws(() => parseJson(nested(501, ['[', ']'])), /more than 500 levels/);
    assert.throws(() => parseJson('['.repeat(501).padEnd(1001)), /more than 500 levels/);
    assert.throws(() => parseJson('['.repeat(100_000)), /more than 500 levels/);
  });

  it('finds the end of a text whose last backslashes come in pairs', () => {
    const deep = nested(501, ['[', ']']);
    for (const slashes of ['\\\\', '\\\\\\\\']) {
      assert.throws(() => parseJson(`["${slashes}",${deep}]`), /more than 500 levels/);
      assert.deepEqual(parseJson(`["${slashes}\\"","${'['.repeat(1200)}"]`), [
        `${slashes.slice(0, slashes.length / 2)}"`,
        '['.repeat(1200),
      ]);
    }
  });
});

describe('describeType', () => {
  for (const [value, words] of [
    [null, 'null'],
    [undefined, 'missing'],
    [[], 'an array'],
    [Buffer.alloc(1), 'a Buffer'],
    [{}, 'an object'],
    [1, 'a number'],
    [false, 'true or false'],
    ['', 'text'],
    [Symbol('x'), 'symbol'],
    [1n, 'bigint'],
  ] as const) {
    it(`describes ${words}`, () => assert.equal(describeType(value), words));
  }
});

describe('survivesJson', () => {
  const ofFunctionNode = runInNewContext('({ a: [1, { b: null }] })') as unknown;
  for (const value of ['', 0, -1.5, true, null, [], {}, [[1], { a: { b: ['x', false] } }], ofFunctionNode]) {
    it(`is true for ${JSON.stringify(value)}`, () => assert.equal(survivesJson(value), true));
  }

  const sparse: unknown[] = [];
  sparse[1] = 1;
  for (const [name, value] of Object.entries({
    undefined,
    NaN: NaN,
    'negative zero': -0,
    Date: new Date(0),
    Buffer: Buffer.from('a'),
    Map: new Map(),
    function: () => 1,
    symbol: Symbol('a'),
    'an array with a hole': sparse,
    'an array with a property': Object.assign([1], { index: 0 }),
    'an object without prototype': Object.create(null) as unknown,
    'an instance of a class': new (class A {
      a = 1;
    })(),
  })) {
    it(`is false for ${name}, at whatever depth`, () => {
      assert.equal(survivesJson(value), false);
      assert.equal(survivesJson({ a: [value] }), false);
    });
  }

  it('is false for what cannot be looked at to its end: too many levels, a getter that throws', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    assert.equal(survivesJson(deep), false);
    const get = (): never => {
      throw new Error('it cannot be read');
    };
    assert.equal(survivesJson(Object.defineProperty({}, 'a', { enumerable: true, get })), false);
  });
});

describe('parseLargeJson', () => {
  const read = (value: unknown): unknown => parseLargeJson(Buffer.from(JSON.stringify(value)));
  const filler = 'x'.repeat(1000);

  it('reads long lists as JSON.parse does, whatever is within their items', () => {
    const separator = fc.constantFrom('},{', '}],[{', '"},{"', '\\},{', 'ü},{€');
    const item = fc.record({
      text: separator.map((text) => `${text}${filler}${text}`),
      list: fc.array(fc.record({ text: separator }), { maxLength: 3 }),
      value: fc.jsonValue({ maxDepth: 2 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 9, arbitrary: item }, fc.jsonValue()), { minLength: 200, maxLength: 300 }),
        (list) => {
          assert.equal(JSON.stringify(read(list)), JSON.stringify(list));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('reads a first item that is longer than a piece, and one list within another', () => {
    const items = Array.from({ length: 300 }, (_, index) => ({ index, filler }));
    for (const value of [[{ items }, { items }, 1], [items, items], { items }, items])
      assert.deepEqual(read(value), value);
  });

  it('refuses what is no JSON', () => {
    const items = JSON.stringify(Array.from({ length: 300 }, () => ({ filler })));
    for (const text of ['', items.slice(0, -1), `${items}]`, `${items.slice(0, -2)},]`, items.replace('[', '[,')]) {
      assert.throws(() => parseLargeJson(Buffer.from(text)), SyntaxError);
    }
  });
});
