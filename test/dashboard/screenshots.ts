/** Takes the README's pictures of the operator's page, of the demo as it runs: `npm run screenshots`. */
import type { Browser } from 'playwright-core';
import type { Endpoints } from '../../demo/demo';
import { Controls, type Device } from '../../harness/controls';
import { picture, takePictures } from '../support/pictures';
import { OperatorPage, SCREENS } from './operator-page';

/** Rows of the file that is shown, and which of them fail: a damaged token, one that comes twice, somebody else's. */
const ROWS = 480;
const DAMAGED = 17;
const AGAIN = 201;
const FOREIGN = [64, 350];

/** A file as people have it: a serial number and an IMEI beside the token, and most rows are good. */
async function makeFile(controls: Controls): Promise<string> {
  const devices = await controls.mint(ROWS);
  const tokens = devices.map(({ claimToken }) => claimToken);
  for (const row of FOREIGN) await controls.giveAway(devices[row - 1]!);
  tokens[DAMAGED - 1] = tokens[DAMAGED - 1]!.slice(0, 60);
  tokens[AGAIN - 1] = tokens[AGAIN - 2]!;
  const rows = tokens.map((token, index) => `A${24_001 + index};${355026070112001 + index};${token}`);
  return ['Serial;IMEI;Claim token', ...rows].join('\n');
}

/** Somebody at a desk, who claims a device, a file, and two devices more. */
async function takeDesk(browser: Browser, { page, controls }: Endpoints): Promise<void> {
  const service = new Controls(controls);
  const viewport = { width: 1440, height: 1150 };
  const operator = await OperatorPage.open(browser, page, { ...SCREENS.desk, viewport, deviceScaleFactor: 1.25 });
  await operator.page.getByRole('textbox', { name: 'Tags' }).fill('station=7');
  const scan = async ({ claimToken, deviceUuid }: Device): Promise<void> => {
    await operator.scan(claimToken);
    await operator.banner('scan').getByText(deviceUuid).waitFor();
    await operator.answer('scan', 'Claimed');
  };
  const [first, second, third] = (await service.mint(3)) as [Device, Device, Device];
  await scan(first);
  await operator.check('batch-2026-11-24.csv', await makeFile(service));
  await operator.claimFile();
  await operator.fileIs('Done');
  await scan(second);
  await scan(third);
  const claimed = String(ROWS - FOREIGN.length - 2 + 3);
  await operator.tile('today').getByText(claimed, { exact: true }).waitFor();
  await operator.page.mouse.move(0, 0);
  await operator.page.locator('.op-flash').waitFor({ state: 'detached' });
  await operator.page.screenshot({ path: picture('operator-page-desktop.png') });
}

/** Somebody with a phone at the line: one device is claimed, the one before it was somebody else's. */
async function takePhone(browser: Browser, { page, controls }: Endpoints): Promise<void> {
  const service = new Controls(controls);
  const operator = await OperatorPage.open(browser, page, { ...SCREENS.phone, deviceScaleFactor: 2 });
  const [foreign, own] = (await service.mint(2)) as [Device, Device];
  await service.giveAway(foreign);
  await operator.page.getByRole('textbox', { name: 'Tags' }).fill('station=7');
  await operator.scan(foreign.claimToken);
  await operator.answer('scan', 'Not claimed');
  await operator.scan(own.claimToken);
  await operator.page.locator('.op-flash-good').waitFor();
  await operator.page.evaluate(() => window.scrollTo(0, 0));
  // The flash is what somebody sees who holds a scanner; without its end it stays for the picture.
  await operator.page.addStyleTag({ content: '.op-flash { animation: none !important; }' });
  await operator.page.screenshot({ path: picture('operator-page-phone.png') });
}

void takePictures(async (browser, endpoints) => {
  await takeDesk(browser, endpoints);
  await takePhone(browser, endpoints);
});
