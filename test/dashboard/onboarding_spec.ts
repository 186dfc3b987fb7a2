import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { DASHBOARD } from '../../demo/demo';
import { makeUserDir } from '../../harness/node-red';
import { startSimulator, type DeviceBehaviour, type MintedToken, type Simulator } from '../../simulator';
import { flowAt, startFlow } from './operator-flow';
import { ALL_SCREENS, type OperatorPage } from './operator-page';
import { closePages, openPages, usePages, type StageWithPages } from './stage';

const PANEL = '.nrdb-ui-group:has([data-stage])';
const TAG = 'nrf-cloud-onboarding';
const AT_ONCE = { contactAfterMs: 0, onboardAfterMs: 0, stateAfterMs: 0 };
const FAILS = { ...AT_ONCE, failAt: { index: 0, cme: 528, text: 'full' } };
const NEVER_CONTACTS = { contactAfterMs: null };
const NEVER_CONNECTS = { ...AT_ONCE, stateAfterMs: null };

describe("the operator's page: onboarding", function () {
  this.timeout(60_000);
  let userDir: string;
  const stage = usePages(async () => {
    userDir = makeUserDir([DASHBOARD]);
    const service = await startSimulator();
    const commands = [{ request: { cloudAccessKeyGeneration: { secTag: 1 } } }];
    service.addRule({ name: 'r', active: true, tags: [TAG], commands });
    return { simulator: service, nodeRed: await startFlow(flowAt(service), { userDir }) };
  });
  let simulator: Simulator;
  let pages: StageWithPages['pages'];
  beforeEach(() => {
    ({ simulator, pages } = stage);
  });
  after(() => rmSync(userDir, { recursive: true, force: true }));

  const mint = (behaviour: Partial<DeviceBehaviour>): MintedToken => {
    const device = simulator.mint();
    simulator.setDeviceBehaviour(device.deviceUuid, behaviour);
    return device;
  };
  const scan = async (operator: OperatorPage, { claimToken, deviceUuid }: MintedToken): Promise<void> => {
    await operator.scan(claimToken);
    await operator.banner('scan').getByText(deviceUuid).waitFor();
  };
  /** Resolves when the tiles are as expected. */
  const counts = async (operator: OperatorPage, expected: Record<string, number>): Promise<void> => {
    for (const [stage, count] of Object.entries(expected)) {
      await operator.page.locator(`[data-stage="${stage}"]`).getByText(String(count), { exact: true }).waitFor();
    }
  };
  const needHand = (operator: OperatorPage): Promise<string[]> =>
    operator.page.locator('.op-group .op-id').allInnerTexts();

  let broken: MintedToken;
  let slow: MintedToken;

  it('onboarding: is hidden before anything was claimed', async () => {
    for (const width of ALL_SCREENS) assert.equal(await pages[width].page.getByText('Onboarding').count(), 0);
  });

  it('onboarding: counts scanned devices, and lists those that need a hand with reason and advice', async () => {
    const { desk } = pages;
    await desk.page.getByRole('textbox', { name: 'Tags' }).fill(TAG);
    [broken, slow] = [mint(FAILS), mint(NEVER_CONTACTS)];
    for (const device of [mint(AT_ONCE), mint(AT_ONCE), mint(NEVER_CONNECTS), broken, slow]) await scan(desk, device);
    for (const width of ALL_SCREENS) {
      await counts(pages[width], { waiting: 1, onboarded: 1, connected: 2, failed: 1 });
      assert.deepEqual(await needHand(pages[width]), [broken.deviceUuid]);
    }
    const group = await desk.page.locator('.op-group').innerText();
    assert.match(group, /^Failed\. Put the device aside/);
    assert.match(group, /528/);
    await desk.page.locator('.op-batches').getByText('2 of 5 connected').waitFor();
  });

  it('onboarding: counts the devices of a file, with serial number, IMEI and line of those that need a hand', async () => {
    const { desk, phone } = pages;
    const devices = [mint(AT_ONCE), mint(FAILS), mint(AT_ONCE)];
    const rows = devices.map(({ claimToken, imei }, index) => `SN-${index};${imei};${claimToken};${TAG}`);
    await desk.check('batch 7.csv', ['Serial number;IMEI;token;tags', ...rows].join('\r\n'));
    await desk.claimFile();
    await counts(phone, { waiting: 1, onboarded: 1, connected: 4, failed: 2 });
    await phone.page.locator('[data-batch="batch 7.csv"]').getByText('2 of 3 connected').waitFor();
    const { deviceUuid, imei } = devices[1]!;
    const row = phone.page.locator('.op-group li').filter({ hasText: deviceUuid });
    assert.ok((await row.innerText()).includes(`SN-1 · ${imei} · batch 7.csv, line 3`));

    // nRF Cloud knows no serial numbers; the file has it.
    await phone.page.locator('#op-device').fill('sn-2');
    await phone.page.keyboard.press('Enter');
    await phone.page.locator('.op-said').getByText(devices[2]!.deviceUuid, { exact: true }).waitFor();
    assert.equal(await phone.page.locator('[data-fact="serial"]').innerText(), 'SN-2');
    simulator.onboard(deviceUuid, { connected: true });
    await phone.press(phone.page.getByRole('button', { name: /^Follow/ }));
    await counts(phone, { waiting: 1, onboarded: 1, connected: 5, failed: 1 });
  });

  it('onboarding: shows a listed device in the panel Device', async () => {
    const { phone } = pages;
    await phone.press(phone.page.getByRole('button', { name: `Show device ${broken.deviceUuid}` }));
    await phone.page.locator('.op-said').getByText(broken.deviceUuid, { exact: true }).waitFor();
    await phone.page.locator('[data-fact="status"]').getByText('Ready').waitFor();
  });

  it('onboarding: counts and list survive a restart, and following goes on', async () => {
    await closePages(stage);
    await stage.nodeRed.stop();
    simulator.setDeviceBehaviour(slow.deviceUuid, AT_ONCE);
    simulator.onboard(slow.deviceUuid, { connected: true });
    stage.nodeRed = await startFlow(flowAt(simulator), { userDir });
    pages = stage.pages = await openPages(stage);
    for (const width of ALL_SCREENS) {
      await counts(pages[width], { waiting: 0, onboarded: 1, connected: 6, failed: 1 });
      assert.deepEqual(await needHand(pages[width]), [broken.deviceUuid]);
    }
  });

  for (const width of ALL_SCREENS) {
    it(`onboarding: has no serious accessibility violation and no overflow at the width of a ${width}`, async () => {
      const operator = pages[width];
      for (const colorScheme of ['dark', 'light'] as const) {
        await operator.setColours(colorScheme);
        assert.deepEqual(await operator.accessibilityViolations(PANEL), [], colorScheme);
        assert.deepEqual(await operator.overflowing(), []);
      }
    });
  }

  it('onboarding: a repaired device leaves the list when it is followed again', async () => {
    const { phone } = pages;
    simulator.onboard(broken.deviceUuid, { connected: true });
    await phone.press(phone.page.getByRole('button', { name: 'Follow this device again' }));
    await counts(phone, { waiting: 0, onboarded: 1, connected: 7, failed: 0 });
    assert.deepEqual(await needHand(phone), []);
  });

  it('onboarding: says in one sentence that the connection does not know the device API', async () => {
    const { desk } = pages;
    await stage.nodeRed.deploy(
      flowAt(simulator, { 'nrfcloud-connection': { baseUrl: simulator.url, deviceApiUrl: '' } }),
    );
    // What the page sends by the connection of before the deploy may be lost.
    await desk.page.reload();
    await scan(desk, mint(AT_ONCE));
    await desk.page.locator('[data-of="onboarding"]').getByText('does not know nRF Cloud’s device API').waitFor();
  });
});
