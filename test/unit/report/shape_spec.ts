import assert from 'node:assert/strict';
import { shapeOf } from '../../../nodes/report/shape';

describe('shapeOf', () => {
  const cases: [string, unknown, unknown][] = [
    [
      'names fields and types, not values',
      {
        id: '7b21b4bc-1cc9-41df-b05c-61b4605e5bb0',
        imei: '352656106118683',
        n: 1.5,
        ok: true,
        none: null,
        note: 'Oslo',
      },
      { id: 'uuid', imei: 'digits', n: 'number', ok: 'boolean', none: 'null', note: 'text' },
    ],
    [
      'tells dates, links, ULIDs and empty texts',
      ['2023-06-13T14:17:14.352Z', 'https://a/b', '01G4ACS60SAEK1YNGSSJHBEET0', ''],
      ['list of 4', 'date | empty text | ulid | url'],
    ],
    [
      'shows the words of the service',
      { status: 'READY', code: 40410 },
      { status: 'text "READY"', code: 'integer 40410' },
    ],
    [
      'hides what is no word, in such fields too',
      { status: 'a b', role: '7b21b4bc-1cc9-41df-b05c-61b4605e5bb0', code: 35265610611868 },
      { status: 'text', role: 'uuid', code: 'integer' },
    ],
    ['marks fields that some items lack', [{ a: 1, b: 1 }, { a: 2 }], ['list of 2', { a: 'integer', 'b?': 'integer' }]],
    [
      'hides keys that are no field names',
      { 'location=Oslo': [], '352656106118683': 1 },
      { '<key>': { 'alternative 1': 'integer', 'alternative 2': ['list of 0', 'nothing'] } },
    ],
    [
      'keeps different structures apart',
      [[1], { a: 1 }],
      ['list of 2', { 'alternative 1': ['list of 1', 'integer'], 'alternative 2': { a: 'integer' } }],
    ],
    [
      'ends at the fifth level',
      { a: { b: { c: { d: { e: { f: 1 } } } } } },
      { a: { b: { c: { d: { e: 'object' } } } } },
    ],
  ];
  for (const [title, value, shape] of cases) {
    it(title, () => assert.deepEqual(shapeOf(value), shape));
  }
});
