import assert from 'node:assert/strict';
import type { MintedToken, Simulator } from '../../simulator';
import { KEY } from './operator-flow';
import { ALL_SCREENS } from './operator-page';
import { ROWS_PER_UPLOAD, usePages, type StageWithPages } from './stage';

const HEADER = 'Serial;IMEI;Claim token;Tags';
/** Rows on a page of the table. */
const PAGE_ROWS = 25;

describe('operator page: a file', function () {
  this.timeout(60_000);
  const stage = usePages();
  let simulator: Simulator;
  let pages: StageWithPages['pages'];
  before(() => {
    ({ simulator, pages } = stage);
  });

  /** Rows with a serial number and an IMEI. */
  const rowsOf = (devices: { claimToken: string }[]): string[] =>
    devices.map(({ claimToken }, index) => `S-${index + 1};${355026070000000 + index};${claimToken};station=7`);
  const csv = (rows: string[]): string => [HEADER, ...rows].join('\r\n');
  const claimedOnce = (devices: MintedToken[]): void =>
    assert.deepEqual(
      devices.map(({ deviceUuid }) => simulator.claims.get(deviceUuid)),
      devices.map(() => 1),
    );

  for (const screen of ALL_SCREENS) {
    it(`operator page: on a ${screen}, a file is shown before it is claimed, and every row is accounted for`, async () => {
      const operator = pages[screen];
      const devices = simulator.mintMany(4 * ROWS_PER_UPLOAD);
      const [damaged, foreign] = [devices[3]!, devices[5]!];
      simulator.claimByOther(foreign.deviceUuid);
      const rows = rowsOf(devices);
      rows[3] = `S-4;355026070000003;${damaged.claimToken.slice(0, 40)};`;
      rows.push(`=cmd|'/c calc'!A1;355026070000099;${devices[0]!.claimToken};`);
      const before = simulator.requests.length;
      await operator.check(`batch on a ${screen}.csv`, csv(rows));
      assert.ok(!simulator.requests.slice(before).some(({ method }) => method === 'POST'), 'nothing is claimed yet');
      assert.deepEqual(await operator.account(), { fresh: 39, invalid: 1, duplicates: 1 });
      const facts = (await operator.page.locator('.op-facts').innerText()).split(/\n+/);
      for (const fact of ['41', 'Serial, IMEI', 'line 1', 'semicolon', 'UTF-8']) assert.ok(facts.includes(fact), fact);

      // The third upload is refused.
      simulator.faults.add({ match: { operation: 'bulkClaim', nth: 3 }, status: 503 });
      await operator.claimFile();
      await operator.fileIs('Done');
      const account = await operator.account();
      assert.deepEqual(account, { claimed: 28, refused: 1, rejected: 11, duplicates: 1 });
      const reasons = await operator.reasons();
      assert.equal(reasons.length, 4);
      assert.match(reasons[0]!, /^10 The row could not be sent\./);
      assert.ok(
        reasons.some((reason) => reason.startsWith('1 nRF Cloud refused the device. The device is already claimed')),
      );

      // A click on a reason filters.
      await operator.press(operator.page.locator('.op-reasons button', { hasText: 'The claim token is damaged' }));
      await operator.page.locator('.op-failures tbody tr').nth(1).waitFor({ state: 'detached' });
      const [row] = await operator.failures();
      assert.deepEqual(row!.slice(0, 4), ['5', `${damaged.claimToken.slice(0, 16)}…`, 'S-4', '355026070000003']);

      // The saved rows have the original columns and the reason, and no formula.
      const saved = await operator.saveFailedRows();
      const [header, ...lines] = saved.replace('\ufeff', '').trimEnd().split('\r\n');
      assert.equal(header, '"Serial";"IMEI";"Claim token";"Tags";"Reason"');
      assert.equal(lines.length, 13);
      assert.ok(lines.at(-1)!.startsWith(`"'=cmd|'/c calc'!A1";"355026070000099";"${devices[0]!.claimToken}"`));
      assert.match(lines.at(-1)!, /"the same device is in line 2 already"$/);

      // The service is well again, and the other owner has released the device.
      simulator.faults.clear();
      simulator.releaseByOther(foreign.deviceUuid);
      await operator.press(operator.page.getByRole('button', { name: 'Send 11 failed rows again' }));
      await operator.page.getByText('2 rows not claimed').waitFor();
      await operator.fileIs('Done');
      assert.deepEqual(await operator.account(), { claimed: 39, rejected: 1, duplicates: 1 });
      claimedOnce(devices.filter((device) => device !== damaged));
      assert.equal(await operator.page.getByRole('button', { name: /again/ }).count(), 0);

      // The saved file is a file of its own: all it can claim is claimed.
      await operator.check(`failed on a ${screen}.csv`, saved);
      assert.deepEqual(await operator.account(), { yours: 12, invalid: 1 });
      assert.equal(await operator.page.getByRole('button', { name: 'Claim 0 devices' }).isDisabled(), true);

      // The same file again offers what is left, which is nothing.
      await operator.check(`batch on a ${screen}.csv`, csv(rows));
      await operator.page.getByText('This file was claimed on').waitFor();
      assert.deepEqual(await operator.account(), { yours: 39, invalid: 1, duplicates: 1 });
      const told = (await operator.told()).join('\n');
      assert.ok(told.includes(foreign.deviceUuid));
      assert.ok(!devices.some(({ claimToken }) => told.includes(claimToken)), 'no page is sent a claim token');
    });
  }

  it('operator page: a file that was claimed in part offers only the rest', async () => {
    const { desk } = pages;
    const devices = simulator.mintMany(3 * ROWS_PER_UPLOAD);
    simulator.faults.add({ match: { operation: 'bulkClaim', nth: 2 }, status: 503 });
    await desk.check('in part.csv', csv(rowsOf(devices)));
    await desk.claimFile();
    await desk.fileIs('Done');
    simulator.faults.clear();
    await desk.check('another.csv', csv(rowsOf(simulator.mintMany(2))));
    await desk.check('in part.csv', csv(rowsOf(devices)));
    assert.deepEqual(await desk.account(), { yours: 20, failed: 10 });
    const before = simulator.requests.length;
    await desk.press(desk.page.getByRole('button', { name: 'Claim 10 devices' }));
    await desk.fileIs('Done');
    assert.deepEqual(await desk.account(), { claimed: 30 });
    assert.equal(simulator.requests.slice(before).filter(({ method }) => method === 'POST').length, 1);
    claimedOnce(devices);
  });

  it('operator page: devices that the account has already are counted before the claim, and not sent', async () => {
    const { phone } = pages;
    const devices = simulator.mintMany(4);
    for (const { claimToken } of devices.slice(0, 3)) {
      await phone.scan(claimToken);
      await phone.answer('scan', 'Claimed');
    }
    await phone.check('mixed.csv', csv(rowsOf(devices)));
    assert.deepEqual(await phone.account(), { fresh: 1, yours: 3 });
    await phone.press(phone.page.getByRole('button', { name: 'Claim 1 device', exact: true }));
    await phone.fileIs('Done');
    assert.deepEqual(await phone.account(), { claimed: 1, yours: 3 });
    claimedOnce(devices);
  });

  it('operator page: a file that is dropped is checked', async () => {
    const { desk } = pages;
    await desk.drop('dropped.csv', csv(rowsOf(simulator.mintMany(2))));
    await desk.checked('dropped.csv');
    assert.deepEqual(await desk.account(), { fresh: 2 });
  });

  it('operator page: the failures come in pages of 25', async () => {
    const { desk } = pages;
    const rows = Array.from({ length: 60 }, (_, index) => `S-${index};1;no token ${index};`);
    await desk.check('many.csv', csv([...rows, ...rowsOf(simulator.mintMany(1))]));
    await desk.page.getByText('1 to 25 of 60').waitFor();
    assert.equal((await desk.failures()).length, PAGE_ROWS);
    for (const range of ['26 to 50 of 60', '51 to 60 of 60']) {
      await desk.press(desk.page.getByRole('button', { name: 'Later rows' }));
      await desk.page.getByText(range).waitFor();
    }
    assert.equal((await desk.failures()).at(-1)![0], '61');
  });

  it('operator page: rows without a header are saved with one, and read again as they were', async () => {
    const { tablet } = pages;
    const [kept, lost] = simulator.mintMany(2) as [MintedToken, MintedToken];
    const [good, damaged] = [kept.claimToken, lost.claimToken];
    await tablet.check('guide.csv', `${good},"a,b"\n${damaged.slice(0, 50)},"c,d"\n`);
    assert.deepEqual(await tablet.account(), { fresh: 1, invalid: 1 });
    await tablet.claimFile();
    await tablet.fileIs('Done');
    const saved = await tablet.saveFailedRows();
    assert.match(saved, /^\ufeff"claim token","tags","Reason"\r\n"2dn3[^"]+","c,d","the token is/);
    await tablet.check('guide again.csv', saved.replace(damaged.slice(0, 50), damaged));
    assert.deepEqual(await tablet.account(), { fresh: 1 });
    await tablet.claimFile();
    await tablet.fileIs('Done');
    assert.deepEqual(simulator.device(lost.deviceUuid)!['tags'], ['c', 'd']);
  });

  it('operator page: an xlsx and a file without claim tokens are refused with advice', async () => {
    const { tablet } = pages;
    const xlsx = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(200), Buffer.from('xl/workbook.xml')]);
    await tablet.choose('devices.xlsx', xlsx);
    await tablet.page.locator('.op-file').getByText('devices.xlsx').waitFor();
    await tablet.fileIs('Not readable');
    const banner = await tablet.banner('file').innerText();
    assert.match(banner, /save it as CSV first/);
    assert.match(banner, /xlsx|Excel|spreadsheet/i);
    await tablet.choose('serials.csv', 'Serial;IMEI\r\nS-1;355026070000000\r\n');
    await tablet.page.locator('.op-file').getByText('serials.csv').waitFor();
    await tablet.fileIs('Not readable');
    assert.match(await tablet.banner('file').innerText(), /Serial, IMEI/);
  });

  it('operator page: the API key is named as the reason, and the rest is offered when it is right again', async () => {
    const { desk } = pages;
    const devices = simulator.mintMany(ROWS_PER_UPLOAD + 5);
    await desk.check('key.csv', csv(rowsOf(devices)));
    simulator.setApiKey('another one');
    await desk.claimFile();
    await desk.banner('file').getByText('nRF Cloud does not accept the API key').waitFor();
    await desk.fileIs('Done');
    assert.deepEqual(await desk.account(), { rejected: devices.length });
    simulator.setApiKey(KEY);
    await desk.press(desk.page.getByRole('button', { name: 'Send 15 failed rows again' }));
    await desk.page.locator('.op-failures').waitFor({ state: 'detached' });
    await desk.fileIs('Done');
    assert.deepEqual(await desk.account(), { claimed: 15 });
    claimedOnce(devices);
    assert.equal(await desk.banner('file').count(), 0);
  });

  it('operator page: a file is taken from the page only, one at a time, and every page shows it', async () => {
    const post = async (headers: Record<string, string>): Promise<[number, string]> => {
      const body = new FormData();
      body.append('file', new Blob([csv(rowsOf(simulator.mintMany(2)))]), 'direct.csv');
      const response = await fetch(`${stage.nodeRed.url}/operator/file`, { method: 'POST', headers, body });
      return [response.status, await response.text()];
    };
    const own = { 'X-Operator-Page': '1' };
    assert.equal((await post({}))[0], 403);
    assert.equal((await fetch(`${stage.nodeRed.url}/operator/failed-rows`)).status, 403);
    assert.equal((await post(own))[0], 202);
    await pages.phone.page.locator('.op-file').getByText('direct.csv').waitFor();
    await pages.desk.fileIs('Checked');
    simulator.set({ bulkHold: 'PENDING' });
    await pages.desk.claimFile();
    await pages.phone.fileIs('%');
    const [status, text] = await post(own);
    assert.equal(status, 409);
    assert.deepEqual(JSON.parse(text), { code: 'BUSY' });
    assert.equal(await pages.phone.page.locator('input[type=file]').isDisabled(), true);
    simulator.set({ bulkHold: 'none' });
    await pages.phone.fileIs('Done');
  });
});
