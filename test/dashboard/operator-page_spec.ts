import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { startSimulator, type MintedToken, type Simulator } from '../../simulator';
import { startBrowser } from '../support/editor';
import type { FlowNode, NodeRedProcess } from '../support/node-red-process';
import { OperatorPage, ROWS_PER_UPLOAD, SCREENS, startOperatorRuntime } from './operator-page';

const KEY = 'sim-key';

describe("the operator's page", function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let nodeRed: NodeRedProcess;
  let browser: Browser;
  // Loading the page takes longer than most of the tests, so both stay open.
  const pages = {} as Record<keyof typeof SCREENS, OperatorPage>;

  before(async () => {
    simulator = await startSimulator();
    [nodeRed, browser] = await Promise.all([startOperatorRuntime(simulator.url), startBrowser()]);
    const url = `${nodeRed.url}/dashboard/operator`;
    pages.desk = await OperatorPage.open(browser, url, SCREENS.desk);
    pages.phone = await OperatorPage.open(browser, url, SCREENS.phone);
  });
  after(async () => {
    await browser.close();
    await nodeRed.stop();
    await simulator.close();
  });
  afterEach(() => {
    simulator.faults.clear();
    simulator.set({ bulkHold: 'none', apiKey: KEY });
    for (const { problems } of Object.values(pages)) assert.deepEqual(problems.splice(0), []);
  });

  const csv = (devices: { claimToken: string }[]): string => devices.map(({ claimToken }) => claimToken).join('\r\n');
  const claimedOnce = (devices: MintedToken[]): void =>
    assert.deepEqual(
      devices.map(({ deviceUuid }) => simulator.claims.get(deviceUuid)),
      devices.map(() => 1),
    );

  for (const screen of ['desk', 'phone'] as const) {
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
        assert.match(foreign, /claimed already/);
        assert.match(foreign, /Put the device aside/);

        await operator.press(operator.token);
        await operator.page.keyboard.insertText(claimToken.slice(0, 40));
        await operator.press(operator.page.getByRole('button', { name: 'Claim', exact: true }));
        await operator.banner('scan').getByText('What you scanned is a truncated claim token').waitFor();
        assert.match(await operator.answer('scan', 'Not claimed'), /Scan the whole code once more/);

        simulator.setApiKey('another one');
        await operator.scan(simulator.mint().claimToken);
        await operator.banner('scan').getByText('does not accept the API key').waitFor();
        assert.match(await operator.answer('scan', 'Not claimed'), /the device is not the reason/);
      });

      it('claims a file, keeps the account of every row, and sends the failed ones again', async () => {
        const devices = simulator.mintMany(4 * ROWS_PER_UPLOAD);
        const [damaged, foreign] = [devices[3]!, devices[5]!];
        simulator.claimByOther(foreign.deviceUuid);
        const rows: { claimToken: string }[] = [...devices, { claimToken: devices[0]!.claimToken }];
        rows[3] = { claimToken: damaged.claimToken.slice(0, 40) };
        // The third upload is refused; the other ones are accepted and wait.
        simulator.faults.add({ match: { operation: 'bulkClaim', nth: 3 }, status: 503 });
        simulator.set({ bulkHold: 'IN_PROGRESS' });

        await operator[screen === 'desk' ? 'drop' : 'choose']('batch-7.csv', csv(rows));
        await operator.fileIs('The service is claiming');
        const before = await operator.account();
        assert.deepEqual(before, { rows: 41, claimed: 0, refused: 0, rejected: 12, unknown: 0, uploads: 3 });
        assert.equal(await operator.page.locator('input[type=file]').isDisabled(), true);
        assert.equal(await operator.page.getByRole('button', { name: /again/ }).count(), 0);

        simulator.set({ bulkHold: 'none' });
        await operator.fileIs('Done');
        const after = { rows: 41, claimed: 28, refused: 1, rejected: 12, unknown: 0, uploads: 0 };
        assert.deepEqual(await operator.account(), after);
        assert.equal(after.rows, after.claimed + after.refused + after.rejected);

        const [first, second] = await operator.failures();
        assert.equal(first!.line.endsWith('4'), true);
        assert.equal(first!.device, `${damaged.claimToken.slice(0, 16)}…`);
        assert.match(first!.reason, /is a truncated claim token/);
        assert.deepEqual(second, { ...second, device: foreign.deviceUuid, reason: 'The device is already claimed.' });
        await operator.press(operator.page.getByRole('button', { name: 'Later rows' }));
        await operator.page.getByText('9 to 13 of 13').waitFor();
        assert.match((await operator.failures()).at(-1)!.reason, /the same device is in line 1 already/);

        // The service is well again, and the other owner has released the device: 11 of the 13 can succeed now.
        simulator.faults.clear();
        simulator.releaseByOther(foreign.deviceUuid);
        await operator.press(operator.page.getByRole('button', { name: 'Send 11 failed rows again' }));
        await operator.page.getByText('2 rows not claimed').waitFor();
        await operator.fileIs('Done');
        const end = { rows: 41, claimed: 39, refused: 0, rejected: 2, unknown: 0, uploads: 0 };
        assert.deepEqual(await operator.account(), end);
        assert.deepEqual(
          (await operator.failures()).map(({ line }) => line.replace(/\D/g, '')),
          ['4', '41'],
        );
        claimedOnce(devices.filter((device) => device !== damaged));
        assert.equal(await operator.page.getByRole('button', { name: /again/ }).count(), 0);

        const told = (await operator.told()).join('\n');
        assert.ok(told.includes(foreign.deviceUuid));
        assert.ok(!devices.some(({ claimToken }) => told.includes(claimToken)));
      });

      it('says when the API key is the reason, and goes on when it is right again', async () => {
        const devices = simulator.mintMany(ROWS_PER_UPLOAD + 5);
        simulator.setApiKey('another one');
        await operator.choose('key.csv', csv(devices));
        await operator.page.getByText('Tell the person who looks after Node-RED: the API key is the reason.').waitFor();
        await operator.fileIs('Done');
        assert.equal((await operator.account()).rejected, devices.length);
        simulator.setApiKey(KEY);
        await operator.press(operator.page.getByRole('button', { name: 'Send 15 failed rows again' }));
        await operator.page.locator('.op-failures').waitFor({ state: 'detached' });
        await operator.fileIs('Done');
        const { rows, claimed } = await operator.account();
        assert.deepEqual([rows, claimed], [15, 15]);
        claimedOnce(devices);
        assert.equal(await operator.banner('file').count(), 0);
      });

      it('says when there is nothing in a file', async () => {
        await operator.choose('empty.csv', '\n');
        await operator.page.getByText('empty.csv').waitFor();
        await operator.fileIs('There are no rows in this file');
      });

      it('draws the claims over time', async () => {
        const today = operator.page.locator('.op-today .nrdb-ui-text-value');
        const before = Number((await today.innerText()).replaceAll(',', ''));
        assert.ok(before > 50, 'what the files have claimed is counted');
        await operator.scan(simulator.mint().claimToken);
        await today.getByText(String(before + 1), { exact: true }).waitFor();
        // The chart draws when the browser comes to it.
        await operator.page.locator('.nrdb-ui-chart canvas').scrollIntoViewIfNeeded();
        const line = await operator.linePixels();
        assert.ok(line > 100, `${line} pixels of a line`);
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
        await operator.choose('with failures.csv', csv(rows));
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
    await phone.banner('scan').getByText('What you scanned is').waitFor();
    const { claimToken, deviceUuid } = simulator.mint();
    await desk.scan(claimToken);
    await desk.banner('scan').getByText(deviceUuid).waitFor();
    await desk.answer('scan', 'Claimed');
    await desk.choose('shared.csv', csv(simulator.mintMany(3)));
    await phone.page.locator('.op-file').getByText('shared.csv').waitFor();
    await phone.fileIs('Done');
    // What was told before the file has come before it, and was not for this tab.
    assert.match(await phone.answer('scan', 'Not claimed'), /What you scanned is/);

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

  it('takes a file from its own page alone, and one at a time', async () => {
    const post = async (headers: Record<string, string>): Promise<[number, string]> => {
      const body = new FormData();
      body.append('file', new Blob([csv(simulator.mintMany(2))]), 'direct.csv');
      const response = await fetch(`${nodeRed.url}/operator/claim-file`, { method: 'POST', headers, body });
      return [response.status, await response.text()];
    };
    assert.equal((await post({}))[0], 403);
    simulator.set({ bulkHold: 'PENDING' });
    assert.equal((await post({ 'X-Operator-Page': '1' }))[0], 202);
    const [status, text] = await post({ 'X-Operator-Page': '1' });
    assert.equal(status, 409);
    assert.match(text, /direct\.csv is still on its way/);
    simulator.set({ bulkHold: 'none' });
    await pages.phone.page.locator('.op-file').getByText('direct.csv').waitFor();
    await pages.phone.fileIs('Done');
  });

  it('goes on with the account of a file after a deploy', async () => {
    const { desk } = pages;
    const devices = simulator.mintMany(2 * ROWS_PER_UPLOAD);
    simulator.set({ bulkHold: 'IN_PROGRESS' });
    await desk.choose('deployed.csv', csv(devices));
    await desk.page.locator('.op-file').getByText('deployed.csv').waitFor();
    await desk.fileIs('The service is claiming');
    const flows = (await (await nodeRed.admin('/flows')).json()) as FlowNode[];
    await nodeRed.deploy(flows);
    simulator.set({ bulkHold: 'none' });
    await desk.fileIs('Done');
    const account = { rows: 20, claimed: 20, refused: 0, rejected: 0, unknown: 0, uploads: 0 };
    assert.deepEqual(await desk.account(), account);
    claimedOnce(devices);

    // What was still being read when the flow stopped is not known; that is said, and the next file is taken.
    const slow = simulator.mintMany(3 * ROWS_PER_UPLOAD);
    simulator.faults.add({ match: { operation: 'bulkClaim', nth: 2 }, slow: { where: 'headers', ms: 'forever' } });
    const second = simulator.events.waitFor('request', ({ body }) => body.includes(slow[10]!.claimToken));
    await desk.choose('cut off.csv', csv(slow));
    await second;
    await nodeRed.deploy(flows);
    await desk.page.locator('.op-file').getByText('cut off.csv').waitFor();
    await desk.fileIs('Interrupted by a restart: choose the file again');
    simulator.faults.clear();
    await desk.choose('again.csv', csv(slow));
    await desk.page.locator('.op-file').getByText('again.csv').waitFor();
    await desk.fileIs('Done');
    assert.ok(slow.every(({ deviceUuid }) => simulator.claims.get(deviceUuid) === 1));
  });
});
