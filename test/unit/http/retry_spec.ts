import assert from 'node:assert/strict';
import { backoffMs, parseRetryAfter, readServiceTime } from '../../../nodes/http/retry';

describe('parseRetryAfter', () => {
  const now = Date.parse('Tue, 24 Nov 2026 10:00:00 GMT');
  for (const [header, expected] of [
    ['5', 5000],
    ['0', 0],
    ['1.5', 1500],
    [' 7 ', 7000],
    ['Tue, 24 Nov 2026 10:00:09 GMT', 9000],
    ['Tue, 24 Nov 2020 10:00:09 GMT', 0],
    // More digits than a number can hold: still a number of seconds, and one that JSON can say.
    ['9'.repeat(400), 2 ** 31 * 1000],
    // A date without a time zone is UTC, wherever this computer is.
    ['Tue, 24 Nov 2026 10:00:09', 9000],
    ['Tue Nov 24 10:00:09 2026', 9000],
    ['Tuesday, 24-Nov-26 10:00:09 GMT', 9000],
    ['2026-11-24T10:00:09', 9000],
    ['2026-11-24T10:00:09Z', 9000],
    ['Tue, 24 Nov 2026 12:00:09 +0200', 9000],
    ['-5', undefined],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
    [['3', '9'], 3000],
    ['1.25', 1250],
    ['5 apples', undefined],
    ['5 o 10:00', undefined],
    ['2026-11-24 10:00', undefined],
    ['   ', undefined],
    ['on 2026-11-24T10:00:09', undefined],
    ['a 24 10:00', undefined],
    ['Tue, 24 Nov 2026 10:00:09 UTC', 9000],
    ['Tue, 24 Nov 2026 10:00:09 UT', 9000],
    ['Tue, 24 Nov 2026 10:00:09 GMT  (x)', 9000],
    ['2026-11-24T12:00:09+02:00', 9000],
    // Date.parse passes over what stands in parentheses.
    [`Tue, 24 Nov 2026 10:00:09 GMT (${'x'.repeat(68)})`, 9000],
    [`Tue, 24 Nov 2026 10:00:09 GMT (${'x'.repeat(69)})`, undefined],
  ] as const) {
    it(`reads ${JSON.stringify(header)}`, () => {
      assert.equal(parseRetryAfter({ 'retry-after': header as string | string[] | undefined }, now), expected);
    });
  }
});

describe('readServiceTime', () => {
  it('service time: a Date has whole seconds, and is of any moment of the exchange', () => {
    const date = 'Tue, 24 Nov 2026 10:00:00 GMT';
    const earliest = Date.parse(date);
    assert.deepEqual(readServiceTime({ date }, 250), { earliest, latest: earliest + 1250 });
  });

  it('service time: a response without a Date that can be read has none', () => {
    for (const headers of [{}, { date: 'nonsense' }]) assert.equal(readServiceTime(headers, 250), undefined);
  });
});

describe('parseRetryAfter with a Date of the service', () => {
  const now = Date.parse('Tue, 24 Nov 2026 10:00:00 GMT');
  for (const [date, expected] of [
    ['Tue, 24 Nov 2026 11:00:00 GMT', 5000],
    ['Tue, 24 Nov 2026 09:00:00 GMT', 7205_000],
    ['nonsense', 3605_000],
  ] as const) {
    it(`counts from it: ${date}`, () => {
      const headers = { 'retry-after': 'Tue, 24 Nov 2026 11:00:05 GMT', date };
      assert.equal(parseRetryAfter(headers, now), expected);
    });
  }
});

describe('backoffMs', () => {
  it('doubles its ceiling with every attempt, up to 30 s, with full jitter', () => {
    assert.deepEqual(
      [1, 2, 3, 7, 50].map((attempt) => backoffMs(attempt, () => 1)),
      [500, 1000, 2000, 30_000, 30_000],
    );
    assert.equal(
      backoffMs(9, () => 0),
      0,
    );
  });
});

describe('parseRetryAfter on a computer in New York', () => {
  const zone = process.env['TZ'];
  before(() => (process.env['TZ'] = 'America/New_York'));
  after(() => {
    if (zone === undefined) Reflect.deleteProperty(process.env, 'TZ');
    else process.env['TZ'] = zone;
  });

  for (const header of ['Tue, 24 Nov 2026 10:00:09', '2026-11-24T10:00:09', '2026-11-24T10:00:09.000Z']) {
    it(`retry-after: a date without a time zone is UTC: ${header}`, () => {
      assert.equal(parseRetryAfter({ 'retry-after': header }, Date.UTC(2026, 10, 24, 10)), 9000);
    });
  }
});
