import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../simulator';
import { flowAt, KEY, startFlow } from './operator-flow';
import { ALL_SCREENS, type OperatorPage } from './operator-page';
import { usePages, type StageWithPages } from './stage';

const PANEL = '.nrdb-ui-group:has([data-of="health"])';
/** Long enough for the page to show it, in seconds. */
const HOLD_S = 6;
/** Their retries are more than may be made before an outage is assumed. */
const MANY = 16;

describe("the operator's page: health", function () {
  this.timeout(60_000);
  const stage = usePages(async () => {
    const service = await startSimulator();
    // Onboarding's requests would be among those that are counted.
    return { simulator: service, nodeRed: await startFlow(flowAt(service, { 'nrfcloud-onboarding': { d: true } })) };
  });
  let simulator: Simulator;
  let pages: StageWithPages['pages'];
  before(() => {
    ({ simulator, pages } = stage);
  });

  const says = ({ page }: OperatorPage, sentence: string | RegExp): Promise<void> =>
    page.locator('[data-of="health"]').getByText(sentence).first().waitFor();
  const figure = async ({ page }: OperatorPage, name: string): Promise<number> =>
    Number(await page.locator(`[data-figure="${name}"]`).innerText());
  const scanMany = async (operator: OperatorPage, count: number): Promise<void> => {
    for (const { claimToken } of simulator.mintMany(count)) await operator.scan(claimToken);
  };

  it('health: says that everything works, and who the key belongs to', async () => {
    for (const width of ALL_SCREENS) {
      await says(pages[width], 'Everything works; nothing is waiting.');
      await pages[width].page.locator('[data-check="account"]').getByText('Simulated team').waitFor();
    }
    const checks = await pages.desk.page.locator('[data-check]').all();
    const seen = await Promise.all(checks.map((check) => check.getAttribute('data-ok')));
    assert.deepEqual(seen, ['yes', 'yes', 'yes', 'yes', 'yes']);
  });

  it('health: reading the load sends no requests', async () => {
    const { desk } = pages;
    const before = simulator.requestCount;
    simulator.faults.add({ match: { operation: 'claim' }, slow: { where: 'headers', ms: 3000 }, times: 1 });
    await desk.scan(simulator.mint().claimToken);
    await says(desk, '1 request is in progress.');
    await says(desk, 'Everything works; nothing is waiting.');
    assert.equal(simulator.requestCount, before + 1);
  });

  it('health: says until when the service asked to wait, and how many requests wait; afterwards that all is well', async () => {
    const { desk, phone } = pages;
    simulator.faults.add({ match: { operation: 'claim' }, status: 429, retryAfter: HOLD_S, times: 1 });
    const until = Date.now() + HOLD_S * 1000;
    await scanMany(desk, 3);
    for (const operator of [desk, phone]) await says(operator, '3 requests are waiting.');
    const sentence = await phone.page.locator('[data-of="health"]').innerText();
    const [, shown] = /The service asked to wait until (\d+:\d\d:\d\d [AP]M)\./.exec(sentence)!;
    const locale = (time: number): string => new Date(time).toLocaleTimeString('en-US').replace(/\s/, ' ');
    const near = Array.from({ length: 8 }, (_, second) => locale(until + (second - 2) * 1000));
    assert.ok(near.includes(shown!.replace(/\s/, ' ')), `${shown} is not near ${locale(until)}`);
    assert.equal(await figure(phone, 'waiting'), 3);
    assert.equal(await figure(phone, 'rateLimited'), 1);
    for (const operator of [desk, phone]) await says(operator, 'Everything works; nothing is waiting.');
    assert.equal(await figure(phone, 'retried'), 1);
  });

  it('health: says since when the service is unavailable, with the last error; afterwards that all is well', async () => {
    const { desk, phone } = pages;
    simulator.faults.add({ match: { host: 'api' }, status: 503 });
    await scanMany(desk, MANY);
    await says(phone, /The service has been unavailable since \d+:\d\d:\d\d [AP]M\./);
    await says(phone, /\d+ requests are waiting\./);
    simulator.faults.clear();
    await says(phone, 'Everything works; nothing is waiting.');
    assert.ok((await figure(phone, 'retried')) > 1);
  });

  it('health: a check on demand says that the key is refused, with the error', async () => {
    const { desk, tablet } = pages;
    simulator.setApiKey('another one');
    const check = (): Promise<void> => desk.press(desk.page.getByRole('button', { name: 'Check now' }));
    await check();
    await says(tablet, 'The service does not accept the API key.');
    assert.equal(await tablet.page.locator('[data-check="key"]').getAttribute('data-ok'), 'no');
    assert.match(await tablet.page.locator('[data-figure="lastError"]').innerText(), /API key/);
    simulator.setApiKey(KEY);
    await check();
    await says(tablet, 'Everything works; nothing is waiting.');
  });

  for (const width of ALL_SCREENS) {
    it(`health: has no serious accessibility violation and no overflow at the width of a ${width}`, async () => {
      const operator = pages[width];
      for (const colorScheme of ['dark', 'light'] as const) {
        await operator.setColours(colorScheme);
        assert.deepEqual(await operator.accessibilityViolations(PANEL), [], colorScheme);
        assert.deepEqual(await operator.overflowing(), []);
      }
    });
  }
});
