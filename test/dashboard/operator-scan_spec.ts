import assert from 'node:assert/strict';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import type { Simulator } from '../../simulator';
import { OperatorPage, SCREENS } from './operator-page';
import { pageUrl, useStage } from './stage';

/** What the page's code uses of a browser, as far as the test replaces it. */
interface Replaced {
  BarcodeDetector: unknown;
  AudioContext: unknown;
  tones: number[];
  inView: string;
}

describe('operator page: scanning', function () {
  this.timeout(60_000);
  const stage = useStage();
  let simulator: Simulator;
  let browser: Browser;
  before(() => {
    ({ simulator, browser } = stage);
  });

  const opened: OperatorPage[] = [];
  const open = async (options: BrowserContextOptions = SCREENS.desk, prepare?: () => void): Promise<OperatorPage> => {
    const operator = await OperatorPage.open(browser, pageUrl(stage.nodeRed), options, prepare);
    opened.push(operator);
    return operator;
  };
  afterEach(async () => {
    for (const { page } of opened.splice(0)) await page.close();
  });

  it('operator page: an IMEI is recognised, and nothing is sent', async () => {
    const operator = await open();
    const before = simulator.requests.length;
    await operator.scan('355026070123456');
    assert.match(await operator.answer('scan', 'Scan the other code'), /This is the IMEI/);
    assert.equal(simulator.requests.length, before);
    assert.deepEqual(operator.problems, []);
  });

  it('operator page: a result covers the width of the screen in large letters, and goes away', async () => {
    const operator = await open({ ...SCREENS.desk, reducedMotion: 'reduce' });
    const flash = operator.page.locator('.op-flash');
    const { claimToken } = simulator.mint();
    for (const [scanned, text, good] of [
      [claimToken, 'Claimed', true],
      [claimToken.slice(0, 30), 'Not claimed', false],
    ] as const) {
      await operator.scan(scanned);
      await flash.getByText(text, { exact: true }).waitFor();
      const seen = await flash.evaluate((element) => {
        const { fontSize, animationName } = getComputedStyle(element);
        return {
          width: element.clientWidth,
          font: parseFloat(fontSize),
          animationName,
          isGood: element.classList.contains('op-flash-good'),
        };
      });
      assert.equal(seen.width, SCREENS.desk.viewport.width);
      // Two metres away, letters of 10 mm are read easily; 96 px are 25 mm.
      assert.ok(seen.font >= 96, `${seen.font} px`);
      assert.equal(seen.animationName, 'none', 'no motion where the user wants none');
      assert.equal(seen.isGood, good);
      await flash.waitFor({ state: 'detached' });
    }
    assert.deepEqual(operator.problems, []);
  });

  it('operator page: sound is off, and stays on in this browser once it is switched on', async () => {
    const operator = await open(SCREENS.desk, () => {
      const replaced = window as unknown as Replaced;
      replaced.tones = [];
      const param = { value: 0, setValueAtTime: () => param, exponentialRampToValueAtTime: () => param };
      replaced.AudioContext = class {
        currentTime = 0;
        destination = {};
        resume = (): Promise<void> => Promise.resolve();
        createGain = (): object => ({ gain: param, connect: () => undefined });
        createOscillator = (): object => {
          const frequency = { value: 0 };
          const start = (): number => replaced.tones.push(frequency.value);
          return { frequency, connect: (next: object) => next, start, stop: () => undefined };
        };
      };
    });
    const tones = (): Promise<number[]> =>
      operator.page.evaluate(() => (window as unknown as Replaced).tones.splice(0));
    await operator.scan('nonsense');
    await operator.answer('scan', 'Not claimed');
    assert.deepEqual(await tones(), []);
    await operator.press(operator.page.getByRole('button', { name: 'Sound' }));
    assert.deepEqual(await tones(), [880]);
    await operator.page.reload();
    await operator.page.getByRole('button', { name: 'Sound', pressed: true }).waitFor();
    await operator.scan('still nonsense');
    await operator.banner('scan').getByText('Claiming').waitFor({ state: 'detached' });
    await operator.answer('scan', 'Not claimed');
    assert.deepEqual(await tones(), [220, 220]);
    await operator.scan(simulator.mint().claimToken);
    await operator.answer('scan', 'Claimed');
    assert.deepEqual(await tones(), [880]);
  });

  it('operator page: the camera claims what comes into view, where the browser can detect codes', async () => {
    const button = { name: 'Scan with the camera' };
    const without = await open(SCREENS.phone, () => {
      delete (window as unknown as Partial<Replaced>).BarcodeDetector;
    });
    assert.equal(await without.page.getByRole('button', button).count(), 0);
    const operator = await open(SCREENS.phone, () => {
      const replaced = window as unknown as Replaced;
      replaced.inView = '';
      replaced.BarcodeDetector = class {
        static getSupportedFormats = (): Promise<string[]> => Promise.resolve(['qr_code', 'unknown']);
        detect = (): Promise<object[]> =>
          Promise.resolve(replaced.inView === '' ? [] : [{ rawValue: replaced.inView }]);
      };
      navigator.mediaDevices.getUserMedia = (): Promise<MediaStream> => {
        const canvas = document.createElement('canvas');
        // A picture that never changes has no frames.
        setInterval(() => canvas.getContext('2d')!.fillRect(0, 0, Math.random() * 9, 9), 50);
        return Promise.resolve(canvas.captureStream());
      };
    });
    const { claimToken, deviceUuid } = simulator.mint();
    await operator.press(operator.page.getByRole('button', button));
    await operator.page.evaluate((token) => {
      (window as unknown as Replaced).inView = token;
    }, claimToken);
    assert.match(await operator.answer('scan', 'Claimed'), new RegExp(deviceUuid));
    assert.equal(simulator.claims.get(deviceUuid), 1, 'a code that stays in view is claimed once');
    await operator.press(operator.page.getByRole('button', { name: 'Close the camera' }));
    await operator.page.locator('video').waitFor({ state: 'detached' });
    assert.deepEqual(operator.problems, []);
  });

  for (const [locale, claimed, lang] of [
    ['de-AT', 'Beansprucht', 'de'],
    ['fr-FR', 'Revendiqué', 'fr'],
    ['ja-JP', '登録済み', 'ja'],
    ['zh-CN', '已认领', 'zh-CN'],
  ] as const) {
    it(`operator page: speaks ${locale}, and nothing is beyond the edge at 360 px`, async () => {
      const context = await browser.newContext({ locale, viewport: { width: 360, height: 740 } });
      const page = await context.newPage();
      await page.goto(pageUrl(stage.nodeRed));
      const panel = page.locator('form.op-panel');
      await panel.waitFor();
      assert.equal(await panel.getAttribute('lang'), lang);
      await panel.locator('input[name="claim-token"]').fill(simulator.mint().claimToken);
      await page.keyboard.press('Enter');
      await page.locator('.op-banner').getByText(claimed, { exact: true }).waitFor();
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      await context.close();
    });
  }

  it('operator page: a panel that cannot be loaded says so', async () => {
    const context = await browser.newContext();
    await context.route('**/operator-page/scan.js', (route) => route.abort());
    const page = await context.newPage();
    await page.goto(pageUrl(stage.nodeRed));
    await page.getByText('This part of the page cannot be loaded').waitFor();
    // The other panels work.
    await page.locator('.op-drop').waitFor();
    await context.close();
  });
});
