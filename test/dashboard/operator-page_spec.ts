import assert from 'node:assert/strict';
import type { Simulator } from '../../simulator';
import { ALL_SCREENS, type OperatorPage } from './operator-page';
import { usePages, type StageWithPages } from './stage';

describe("the operator's page", function () {
  this.timeout(60_000);
  const stage = usePages();
  let simulator: Simulator;
  let pages: StageWithPages['pages'];
  before(() => {
    ({ simulator, pages } = stage);
  });

  const csv = (devices: { claimToken: string }[]): string => devices.map(({ claimToken }) => claimToken).join('\r\n');

  for (const screen of ALL_SCREENS) {
    describe(`on a ${screen}`, () => {
      let operator: OperatorPage;
      before(() => {
        operator = pages[screen];
      });

      it('claims what is scanned, and is ready for the next scan', async () => {
        const { claimToken, deviceUuid } = simulator.mint();
        await operator.press(operator.page.getByRole('textbox', { name: 'Tags' }));
        await operator.page.keyboard.type('station=7, color=white');
        await operator.scan(claimToken);
        assert.match(await operator.answer('scan', 'Claimed'), new RegExp(deviceUuid));
        assert.equal(simulator.claims.get(deviceUuid), 1);
        assert.deepEqual(simulator.device(deviceUuid)!['tags'], ['station=7', 'color=white']);
        assert.equal(await operator.token.inputValue(), '');
        assert.equal(await operator.token.evaluate((field) => field === document.activeElement), true);

        // The next scan goes where the last one went, without a hand on the page.
        await operator.page.keyboard.insertText(`%ATTESTTOKEN: "${claimToken}"`);
        await operator.page.keyboard.press('Enter');
        assert.match(await operator.answer('scan', 'Already yours'), /Nothing was changed/);
        assert.equal(simulator.claims.get(deviceUuid), 1);
      });

      it('says in a sentence what is wrong with a token, and what to do', async () => {
        const { claimToken, deviceUuid } = simulator.mint();
        simulator.claimByOther(deviceUuid);
        await operator.scan(claimToken);
        const foreign = await operator.answer('scan', 'Not claimed');
        assert.match(foreign, /Another account has claimed this device/);
        assert.match(foreign, /Put the device aside/);

        await operator.press(operator.token);
        await operator.page.keyboard.insertText(claimToken.slice(0, 40));
        await operator.press(operator.page.getByRole('button', { name: 'Claim', exact: true }));
        await operator.banner('scan').getByText('The scanned text is a truncated claim token').waitFor();
        assert.match(await operator.answer('scan', 'Not claimed'), /Scan the whole code again/);

        simulator.setApiKey('another one');
        await operator.scan(simulator.mint().claimToken);
        await operator.banner('scan').getByText('nRF Cloud does not accept the API key').waitFor();
        assert.match(await operator.answer('scan', 'Not claimed'), /the device is not the reason/);
      });

      it('operator page: counts the devices that were claimed today', async () => {
        const today = operator.page.locator('[data-count="today"]');
        const before = Number((await today.innerText()).replaceAll(',', ''));
        await operator.scan(simulator.mint().claimToken);
        await today.getByText(String(before + 1), { exact: true }).waitFor();
        const hours = await operator.page.locator('.op-hour-count').allInnerTexts();
        assert.equal(
          hours.reduce((sum, text) => sum + Number(text), 0),
          before + 1,
        );
      });

      it('can be used by everybody, in light and in dark, and nothing is beyond the edge', async () => {
        // A full page: an answer of each kind, and a file with failures.
        const { claimToken } = simulator.mint();
        await operator.scan(claimToken);
        await operator.answer('scan', 'Claimed');
        await operator.scan(claimToken);
        await operator.answer('scan', 'Already yours');
        await operator.scan(claimToken.slice(0, 30));
        await operator.answer('scan', 'Not claimed');
        const foreign = simulator.mint();
        simulator.claimByOther(foreign.deviceUuid);
        const rows = [{ claimToken: claimToken.slice(0, 30) }, foreign, ...simulator.mintMany(2)];
        await operator.check('with failures.csv', csv(rows));
        await operator.claimFile();
        await operator.page.getByText('2 rows not claimed').waitFor();
        await operator.fileIs('Done');
        for (const colorScheme of ['dark', 'light'] as const) {
          await operator.setColours(colorScheme);
          assert.deepEqual(await operator.accessibilityViolations(), [], colorScheme);
          assert.deepEqual(await operator.overflowing(), []);
        }
      });
    });
  }

  it('shows an answer to the tab that asked, and the file to everybody', async () => {
    const { desk, phone } = pages;
    await phone.scan('nonsense');
    await phone.banner('scan').getByText('The scanned text is').waitFor();
    const { claimToken, deviceUuid } = simulator.mint();
    await desk.scan(claimToken);
    await desk.banner('scan').getByText(deviceUuid).waitFor();
    await desk.answer('scan', 'Claimed');
    await desk.choose('shared.csv', csv(simulator.mintMany(3)));
    await phone.page.locator('.op-file').getByText('shared.csv').waitFor();
    await phone.fileIs('Checked');
    // What was told before the file has come before it, and was not for this tab.
    assert.match(await phone.answer('scan', 'Not claimed'), /The scanned text is/);

    // The answer and the file are still there after the page was loaded anew, and no token comes along.
    await desk.page.reload();
    assert.match(await desk.answer('scan', 'Claimed'), new RegExp(deviceUuid));
    await desk.page.locator('.op-file').getByText('shared.csv').waitFor();
    for (const operator of [desk, phone]) {
      const told = (await operator.told()).join('\n');
      assert.ok(told.includes(deviceUuid));
      assert.ok(!told.includes(claimToken));
    }
  });
});
