import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import type { Simulator } from '../../simulator';
import { ALL_SCREENS, SCREENS, type OperatorPage } from './operator-page';
import { usePages, type StageWithPages } from './stage';

const PAGE_SIZE = 5;
/** The group of the page that the panel is in. */
const PANEL = '.nrdb-ui-group:has(#op-device)';
/** A finger needs this much (WCAG 2.5.5), in pixels. */
const TARGET_PX = 44;
/** The narrowest phone that the page is for, in pixels. */
const NARROWEST_PX = 360;

describe("the operator's page: device", function () {
  this.timeout(60_000);
  const stage = usePages(undefined, { pageSize: PAGE_SIZE });
  let simulator: Simulator;
  let pages: StageWithPages['pages'];
  before(() => {
    ({ simulator, pages } = stage);
  });

  const field = ({ page }: OperatorPage): Locator => page.getByLabel('UUID, IMEI, serial number or claim token');
  const button = ({ page }: OperatorPage, name: string): Locator => page.getByRole('button', { name, exact: true });
  const dialog = ({ page }: OperatorPage): Locator => page.getByRole('dialog');
  const status = ({ page }: OperatorPage): Locator => page.locator('[data-fact="status"]');
  const find = async (operator: OperatorPage, text: string): Promise<void> => {
    await field(operator).fill(text);
    await operator.page.keyboard.press('Enter');
  };
  const found = async (operator: OperatorPage, deviceId: string, word: string): Promise<void> => {
    await operator.page.locator('.op-said').getByText(deviceId, { exact: true }).waitFor();
    await status(operator).getByText(word, { exact: true }).waitFor();
  };
  const statusOf = (deviceId: string): unknown => simulator.device(deviceId)!['status'];

  for (const width of ALL_SCREENS) {
    describe(`at the width of a ${width}`, () => {
      it('device: is found by its UUID, blocked after a confirmation that names it, and unblocked', async () => {
        const operator = pages[width];
        const [id] = simulator.fill(1, ['color=white']) as [string];
        const imei = String(simulator.device(id)!['imei']);
        await find(operator, id);
        await found(operator, id, 'Ready');
        assert.equal(await operator.page.locator('[data-fact="tags"]').innerText(), 'color=white');
        assert.equal(await operator.page.locator('[data-fact="imei"]').innerText(), imei);

        const before = simulator.counters['block'];
        // A scanner's Enter, Escape and Cancel change nothing.
        for (const cancel of [
          () => operator.page.keyboard.press('Enter'),
          () => operator.page.keyboard.press('Escape'),
          () => operator.press(button(operator, 'Cancel')),
        ]) {
          await operator.press(button(operator, 'Block'));
          await dialog(operator).waitFor();
          const text = await dialog(operator).innerText();
          assert.ok(text.includes(id) && text.includes(imei), text);
          await cancel();
          await dialog(operator).waitFor({ state: 'hidden' });
        }
        assert.equal(simulator.counters['block'], before);
        assert.equal(statusOf(id), 'READY');

        await operator.press(button(operator, 'Block'));
        await operator.press(button(operator, 'Block this device'));
        assert.match(await operator.answer('device', 'Blocked'), new RegExp(id));
        assert.equal(statusOf(id), 'BLOCKED');

        await operator.press(button(operator, 'Unblock'));
        await operator.press(button(operator, 'Unblock this device'));
        assert.match(await operator.answer('device', 'Unblocked'), new RegExp(id));
        assert.equal(statusOf(id), 'READY');
        await button(operator, 'Block').waitFor();
      });

      it('device: panel and dialog have no serious accessibility violation, in light and dark, and no overflow', async () => {
        const operator = pages[width];
        await find(operator, simulator.fill(1, ['a long tag that has to be wrapped somewhere=yes'])[0]!);
        await button(operator, 'Block').waitFor();
        for (const colorScheme of ['dark', 'light'] as const) {
          await operator.setColours(colorScheme);
          assert.deepEqual(await operator.accessibilityViolations(PANEL), [], colorScheme);
          assert.deepEqual(await operator.overflowing(), []);
          await operator.press(button(operator, 'Block'));
          assert.deepEqual(await operator.accessibilityViolations(PANEL), [], `dialog, ${colorScheme}`);
          await operator.page.keyboard.press('Escape');
        }
      });
    });
  }

  it('device: is found by its IMEI, in any form, on a later page of the list', async () => {
    const ids = simulator.fill(2 * PAGE_SIZE);
    const id = ids.at(-2)!;
    const imei = String(simulator.device(id)!['imei']);
    for (const text of [imei, `IMEI: ${imei}`, imei.replace(/(\d{2})(\d{6})(\d{6})/, '$1-$2-$3-')]) {
      await find(pages.phone, 'nothing like it');
      await pages.phone.answer('device', 'Not found');
      await find(pages.phone, text);
      await found(pages.phone, id, 'Ready');
    }
  });

  it('device: is found by the serial number in a tag, unless several carry it', async () => {
    const [id] = simulator.fill(1, ['serial=AB-1234']) as [string];
    await find(pages.desk, 'ab-1234');
    await found(pages.desk, id, 'Ready');
    simulator.fill(1, ['AB-1234']);
    await find(pages.desk, 'AB-1234');
    assert.match(await pages.desk.answer('device', 'Not clear'), /2 claimed devices/);
    assert.equal(await button(pages.desk, 'Block').count(), 0);
  });

  it('device: is found by its claim token', async () => {
    const { claimToken, deviceUuid } = simulator.mint();
    await pages.desk.scan(claimToken);
    await pages.desk.answer('scan', 'Claimed');
    await find(pages.tablet, claimToken);
    await found(pages.tablet, deviceUuid, 'Ready');
  });

  it('device: that is not found says where it was looked for, and what to enter instead', async () => {
    const count = simulator.devices().length;
    await find(pages.phone, '000000000000000');
    const byImei = await pages.phone.answer('device', 'Not found');
    assert.match(byImei, new RegExp(`None of the ${count} claimed devices shows this IMEI`));
    assert.doesNotMatch(byImei, /show no IMEI/);
    simulator.set({ omitDeviceFields: ['imei'] });
    await find(pages.phone, '111111111111111');
    await pages.phone.banner('device').getByText(`${count} of them show no IMEI at all`).waitFor();
    await find(pages.phone, 'SN-0815');
    await pages.phone.banner('device').getByText('shows this serial number').waitFor();
    await find(pages.phone, simulator.mint().deviceUuid);
    await pages.phone.banner('device').getByText('no device with this UUID').waitFor();
  });

  it('device: a long search says how far it is', async () => {
    simulator.set({ pageSize: 1000 });
    const ids = simulator.fill(2000);
    simulator.faults.add({ match: { operation: 'listDevices', nth: 2 }, slow: { where: 'headers', ms: 2000 } });
    await find(pages.tablet, '222222222222222');
    await pages.tablet.banner('device').getByText('1,000 claimed devices looked through so far').waitFor();
    await pages.tablet.answer('device', 'Not found');
    // Other tests read the whole account, some with few devices on a page.
    for (const id of ids) simulator.unclaim(id);
  });

  it('device: a page that is loaded anew before the answer looks the device up again', async () => {
    const [id] = simulator.fill(1) as [string];
    simulator.faults.add({ match: { operation: 'getDevice' }, slow: { where: 'headers', ms: 'forever' }, times: 1 });
    const asked = simulator.events.waitFor('request', ({ url }) => url.includes(id));
    await find(pages.tablet, id);
    await asked;
    await pages.tablet.page.reload();
    await found(pages.tablet, id, 'Ready');
  });

  it('device: a failed block says so, and leaves the status as it is', async () => {
    const [id] = simulator.fill(1) as [string];
    await find(pages.phone, id);
    await button(pages.phone, 'Block').waitFor();
    simulator.faults.add({ match: { operation: 'block' }, status: 503 });
    await pages.phone.press(button(pages.phone, 'Block'));
    await pages.phone.press(button(pages.phone, 'Block this device'));
    assert.match(await pages.phone.answer('device', 'Not blocked'), /cannot be reached/);
    assert.equal(statusOf(id), 'READY');
    await button(pages.phone, 'Block').waitFor();
  });

  it('device: is blocked although it cannot be read afterwards', async () => {
    const [id] = simulator.fill(1) as [string];
    await find(pages.phone, id);
    await button(pages.phone, 'Block').waitFor();
    simulator.faults.add({ match: { operation: 'getDevice' }, status: 500 });
    await pages.phone.press(button(pages.phone, 'Block'));
    await pages.phone.press(button(pages.phone, 'Block this device'));
    assert.match(await pages.phone.answer('device', 'Blocked'), new RegExp(id));
    assert.equal(statusOf(id), 'BLOCKED');
  });

  it('device: its answer reaches only the page that asked', async () => {
    const [id] = simulator.fill(1) as [string];
    await find(pages.desk, id);
    await found(pages.desk, id, 'Ready');
    await find(pages.phone, simulator.fill(1)[0]!);
    await button(pages.phone, 'Block').waitFor();
    assert.ok((await pages.desk.told()).join('\n').includes(id));
    assert.ok(!(await pages.phone.told()).join('\n').includes(id));
  });

  it('device: the dialog is worked by the keyboard, and keeps the focus', async () => {
    const [id] = simulator.fill(1) as [string];
    const { page } = pages.desk;
    await find(pages.desk, id);
    await button(pages.desk, 'Block').waitFor();
    await button(pages.desk, 'Block').focus();
    await page.keyboard.press('Enter');
    await dialog(pages.desk).waitFor();
    const focused = (): Promise<string> => page.evaluate(() => (document.activeElement as HTMLElement).innerText);
    assert.equal(await focused(), 'Cancel');
    await page.keyboard.press('Escape');
    await dialog(pages.desk).waitFor({ state: 'hidden' });
    assert.equal(await focused(), 'Block');
    await page.keyboard.press('Enter');
    await dialog(pages.desk).waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Block this device');
    await page.keyboard.press('Enter');
    await pages.desk.answer('device', 'Blocked');
    // The button that had the focus is gone; the answer has it.
    assert.match(await focused(), new RegExp(id));
  });

  it('device: has large targets on the narrowest phone, and nothing is beyond its edge', async () => {
    const { phone } = pages;
    await phone.page.setViewportSize({ width: NARROWEST_PX, height: 740 });
    await find(phone, simulator.fill(1)[0]!);
    await button(phone, 'Block').waitFor();
    assert.deepEqual(await phone.overflowing(), []);
    await phone.press(button(phone, 'Block'));
    for (const name of ['Cancel', 'Block this device']) {
      const { width, height } = (await button(phone, name).boundingBox())!;
      assert.ok(width >= TARGET_PX && height >= TARGET_PX, `${name}: ${width} × ${height}`);
    }
    assert.deepEqual(await phone.overflowing(), []);
    await phone.press(button(phone, 'Cancel'));
    await phone.page.setViewportSize(SCREENS.phone.viewport);
  });
});
