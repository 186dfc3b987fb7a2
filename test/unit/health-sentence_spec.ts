import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NO_LOAD, type LoadReport } from '../../nodes/api/load';

const FOLDER = resolve(__dirname, '../../resources/operator-page');
const NOW = Date.parse('2026-11-28T14:03:00Z');
const LATER = '2026-11-28T14:03:20.000Z';
const EARLIER = '2026-11-28T14:02:40.000Z';

interface Health {
  load: LoadReport;
  checks?: { name: string; ok: boolean | null; message: string }[];
  checkedAt?: number;
  problem?: string;
}
interface Judgement {
  level: string;
  text: string;
  time?: number;
  rate?: number;
  detail?: string | null;
}

describe("the operator page's sentence about the connection", () => {
  let judge: (health: Health, now: number) => Judgement;
  before(async () => {
    const source = readFileSync(join(FOLDER, 'health-sentence.js'), 'utf8');
    const loaded = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
      judgeHealth: typeof judge;
    };
    judge = loaded.judgeHealth;
  });

  const FINE = ['connection', 'key', 'account'].map((name) => ({ name, ok: true, message: name }));
  const failed = (failing: string): Health['checks'] =>
    FINE.map((check) => (check.name === failing ? { ...check, ok: false, message: 'why' } : check));
  const load = (change: Partial<LoadReport> = {}): LoadReport => ({ ...NO_LOAD, ...change });

  const CASES: [string, Health, Judgement][] = [
    ['nothing known yet', { load: load() }, { level: 'ok', text: 'starting' }],
    ['idle and well', { load: load(), checks: FINE }, { level: 'ok', text: 'fine' }],
    ['busy and well', { load: load({ inFlight: 3 }), checks: FINE }, { level: 'busy', text: 'busy' }],
    ['waiting, without a limit', { load: load({ waiting: 9 }), checks: FINE }, { level: 'busy', text: 'busy' }],
    [
      'waiting because of a rate limit',
      { load: load({ waiting: 9, rateLimit: 2.5 }), checks: FINE },
      { level: 'slow', text: 'limited', rate: 2.5 },
    ],
    [
      'a hold, before a rate limit',
      { load: load({ heldUntil: LATER, waiting: 9, rateLimit: 5 }), checks: FINE },
      { level: 'slow', text: 'held', time: Date.parse(LATER) },
    ],
    ['a hold that is over', { load: load({ heldUntil: EARLIER }), checks: FINE }, { level: 'ok', text: 'fine' }],
    [
      'an outage, before a hold and what the last check found',
      { load: load({ outageSince: EARLIER, heldUntil: LATER, lastError: 'why' }), checks: failed('connection')! },
      { level: 'slow', text: 'outage', time: Date.parse(EARLIER), detail: 'why' },
    ],
    ['a refused key', { load: load(), checks: failed('key')! }, { level: 'bad', text: 'keyRefused', detail: 'why' }],
    [
      'a service that the last check could not reach',
      { load: load(), checks: failed('connection')!, checkedAt: NOW },
      { level: 'slow', text: 'notReached', time: NOW, detail: 'why' },
    ],
    [
      'a connection that cannot be used, before everything else',
      { load: load({ outageSince: EARLIER }), checks: failed('key')!, problem: 'no key' },
      { level: 'bad', text: 'unusable', detail: 'no key' },
    ],
  ];
  for (const [name, health, expected] of CASES) {
    it(`health sentence: ${name}`, () => assert.deepEqual(judge(health, NOW), expected));
  }
});
