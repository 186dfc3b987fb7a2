import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../harness/eventually';
import type { MintedToken, Simulator } from '../../simulator';
import { jsonLines, type RunningExamples } from '../support/examples';
import type { FlowNode } from '../support/node-red-process';
import { AlertReceiver } from './alert-receiver';
import { brokerConnected, startExamplesWithBroker, type ExamplesWithBroker } from './examples-with-broker';
import { fates, UploadClient } from './upload-client';

const UPLOAD = 'Upload a CSV by HTTP with a report of every row';
const RETRY = 'Retry failed rows';
const ALERT = 'Alert when a bulk operation fails';

describe('the examples that claim many devices', function () {
  this.timeout(60_000);
  let examples: ExamplesWithBroker;
  let simulator: Simulator;
  let running: RunningExamples;
  let alerts: AlertReceiver;
  let upload: UploadClient;
  let givenUp: string;

  before(async () => {
    alerts = await AlertReceiver.start();
    examples = await startExamplesWithBroker([UPLOAD, RETRY, ALERT], (folder) => {
      givenUp = join(folder, 'given-up-rows.jsonl');
      return {
        nodes: { 'nrfcloud-connection': { retries: 0 }, 'nrfcloud-bulk-status': { interval: 0.05 } },
        env: { GIVEN_UP_FILE: givenUp, ALERT_WEBHOOK: alerts.url },
      };
    });
    ({ simulator, running } = examples);
    upload = new UploadClient(`${running.nodeRed.url}/bulk-claim`);
    await alerts.subscribe(examples.mqtt);
  });
  after(async () => {
    await examples.stop();
    alerts.stop();
  });
  afterEach(() => {
    simulator.faults.clear();
    simulator.set({ bulkHold: 'none', apiKey: 'sim-key', errorSummary: 'current' });
  });

  /** A device of this account, and one of somebody else's. */
  const twoDevices = (): [MintedToken, MintedToken] => {
    const [mine, other] = simulator.mintMany(2);
    simulator.claimByOther(other!.deviceUuid);
    return [mine!, other!];
  };

  /** The one alert of rows that are claimed, without any those of the example. */
  const alertOf = (rows?: unknown): Promise<Record<string, any>> =>
    alerts.alertOf(() => running.press(ALERT, 'claim these rows', rows));
  const retry = (rows: unknown[]): Promise<void> => running.press(RETRY, 'claim these rows', rows);

  describe(UPLOAD, () => {
    it('responds with the outcome of every row when the bulk operation has ended', async () => {
      const [mine, other] = twoDevices();
      simulator.set({ bulkHold: 'PENDING' });
      const polled = simulator.events.waitFor('response', ({ operation }) => operation === 'bulkStatus', 20_000);
      let answered = false;
      const answer = upload.post(
        `token,tags\n${mine.claimToken},"a,b"\nno token\n${other.claimToken}\n${mine.claimToken}\n`,
      );
      void answer.then(() => (answered = true));
      await polled;
      assert.equal(answered, false);
      simulator.set({ bulkHold: 'none' });
      const response = await answer;
      const report = (await response.json()) as Record<string, any>;
      assert.equal(response.status, 200);
      const { rows, claimed, refused, rejected, unknown } = report;
      assert.deepEqual([rows, claimed, refused, rejected, unknown], [4, 1, 1, 2, 0]);
      assert.deepEqual(fates(report), [
        [2, 'claimed', undefined],
        [3, 'rejected', 'INVALID_TOKEN'],
        [4, 'refused', undefined],
        [5, 'rejected', 'DUPLICATE'],
      ]);
      const [good, , bad] = report['report'] as Record<string, string>[];
      assert.equal(good!['deviceId'], mine.deviceUuid);
      assert.deepEqual(simulator.device(mine.deviceUuid)!['tags'], ['a', 'b']);
      assert.equal(bad!['deviceId'], other.deviceUuid);
      assert.match(bad!['message']!, /claimed/);
      assert.ok(!JSON.stringify(report).includes(mine.claimToken));
    });

    it('claims a file from a form in several uploads', async () => {
      const devices = simulator.mintMany(2100, { signed: false });
      simulator.set({ verify: false });
      const form = new FormData();
      form.append('file', new Blob([devices.map(({ claimToken }) => `${claimToken}\n`).join('')]), 'tokens.csv');
      const report = await upload.reportOf(form);
      simulator.set({ verify: true });
      assert.deepEqual([report['rows'], report['claimed']], [2100, 2100]);
      const lines = (report['report'] as { line: number }[]).map(({ line }) => line);
      assert.deepEqual(
        lines,
        devices.map((_, index) => index + 1),
      );
    });

    it('responds with a CSV whose formulas are escaped, on request', async () => {
      const [mine, other] = twoDevices();
      for (const [begin, cell] of ['=1+1', '+1', '-1', '@SUM(1)'].map((start) => [start, `${start},"x"`] as const)) {
        simulator.faults.clear();
        simulator.faults.add({ match: { host: 'summary' }, body: { errors: [`[0]: ${cell}`] } });
        const response = await upload.post(`${other.claimToken}\n`, '?format=csv');
        assert.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8');
        assert.equal(
          await response.text(),
          `line,deviceId,outcome,code,message\r\n"1","${other.deviceUuid}","refused","","'${begin},""x"""\r\n`,
        );
      }
      assert.ok(!simulator.claims.has(mine.deviceUuid));
    });

    it('responds to each of six simultaneous callers with the rows of that caller', async () => {
      const devices = simulator.mintMany(6);
      const answers = await Promise.all(
        devices.map(({ claimToken }, index) => upload.reportOf(`${'bad\n'.repeat(index)}${claimToken}\n`)),
      );
      for (const [index, answer] of answers.entries()) {
        const { rows, claimed, rejected, report } = answer;
        assert.deepEqual([rows, claimed, rejected], [index + 1, 1, index]);
        assert.equal(report.at(-1).deviceId, devices[index]!.deviceUuid);
      }
    });

    it('reports rows whose upload failed, and rows whose outcome is unknown', async () => {
      const [mine] = twoDevices();
      simulator.faults.add({ status: 401, times: 1 });
      const refused = await upload.reportOf(`${mine.claimToken}\n`);
      assert.deepEqual(fates(refused), [[1, 'rejected', 'NRFCLOUD_UNAUTHORIZED']]);
      simulator.faults.add({ match: { operation: 'bulkStatus' }, status: 400, times: 1 });
      const lost = await upload.reportOf(`${mine.claimToken}\n`);
      assert.deepEqual(fates(lost), [[1, 'unknown', 'NRFCLOUD_REJECTED']]);
      const [, other] = twoDevices();
      simulator.set({ errorSummary: 'expired' });
      const unread = await upload.reportOf(`${other.claimToken}\n`);
      assert.deepEqual(fates(unread), [[1, 'refused', undefined]]);
    });

    it('refuses a body that is not CSV with 400', async () => {
      for (const body of [new FormData(), JSON.stringify({ claimToken: 'x' })]) {
        const response = await upload.post(body, '', 'application/json');
        assert.equal(response.status, 400);
        assert.equal(((await response.json()) as { error: string }).error, 'NRFCLOUD_INVALID_INPUT');
      }
    });
  });

  describe(RETRY, () => {
    const uploads = (): number => simulator.counters['bulkClaim'] ?? 0;
    const lines = (): Record<string, any>[] => jsonLines(givenUp);

    it('sends refused rows and rows of a failed upload again until they are claimed', async () => {
      const [mine, other] = twoDevices();
      const before = uploads();
      simulator.faults.add({ match: { operation: 'bulkClaim' }, times: 1, status: 503 });
      const ended = simulator.events.waitFor('bulk-end', undefined, 20_000);
      await retry([mine.claimToken, [other.claimToken, 'late']]);
      await ended;
      simulator.releaseByOther(other.deviceUuid);
      await eventually(() => simulator.claims.has(other.deviceUuid), 'the claim of the row that was refused');
      assert.deepEqual(simulator.device(other.deviceUuid)!['tags'], ['late']);
      assert.equal(simulator.claims.get(mine.deviceUuid), 1);
      assert.ok(uploads() - before >= 3);
      assert.deepEqual(lines(), []);
    });

    it('gives up invalid rows at once and refused rows after three rounds, and records both', async () => {
      const [mine, other] = twoDevices();
      const before = uploads();
      await retry(['no token', mine.claimToken, other.claimToken, mine.claimToken]);
      await eventually(() => lines().length === 3, 'all rows that are given up');
      assert.deepEqual(
        lines().map(({ round, code, claimToken }) => [round, code, claimToken] as unknown),
        [
          [0, 'INVALID_TOKEN', 'no token'],
          [0, 'DUPLICATE', mine.claimToken],
          [3, 'REFUSED', other.claimToken],
        ],
      );
      assert.match(String(lines()[2]!['reason']), /claimed/);
      assert.equal(uploads() - before, 4);
      rmSync(givenUp);
    });

    it('ends although every upload fails, and does not try a wrong key again', async () => {
      const [mine] = twoDevices();
      const before = uploads();
      simulator.faults.add({ match: { operation: 'bulkClaim' }, status: 503 });
      await retry([mine.claimToken]);
      await eventually(() => lines().length === 1, 'the row that is given up');
      assert.deepEqual([lines()[0]!['round'], lines()[0]!['code']], [3, 'NRFCLOUD_UNAVAILABLE']);
      assert.equal(uploads() - before, 4);
      simulator.faults.clear();
      simulator.setApiKey('another');
      await retry([mine.claimToken]);
      await eventually(() => lines().length === 2, 'the row with the wrong key');
      assert.deepEqual([lines()[1]!['round'], lines()[1]!['code']], [0, 'NRFCLOUD_UNAUTHORIZED']);
      rmSync(givenUp);
    });

    it('records rows whose outcome is unknown', async () => {
      const [mine, other] = twoDevices();
      simulator.faults.add({ match: { operation: 'bulkStatus' }, status: 400, times: 1 });
      await retry([mine.claimToken]);
      await eventually(() => lines().length === 1, 'the row whose operation is not known');
      assert.equal(lines()[0]!['code'], 'NRFCLOUD_REJECTED');
      simulator.set({ errorSummary: 'expired' });
      await retry([other.claimToken]);
      await eventually(() => lines().length === 2, 'the row whose error is not known');
      assert.deepEqual([lines()[1]!['round'], lines()[1]!['claimToken']], [3, other.claimToken]);
    });
  });

  describe(ALERT, () => {
    it('raises one alert with the counts and the first errors, as it is imported', async () => {
      const { firstErrors, bulkOpsRequestId, ...rest } = await alertOf();
      assert.deepEqual({ ...rest, time: '' }, { alert: 'BULK_OPERATION_FAILED', rows: 2, failed: 1, time: '' });
      assert.ok(simulator.operation(String(bulkOpsRequestId)) !== undefined);
      assert.deepEqual([firstErrors.length, firstErrors[0].line], [1, 2]);
    });

    it('raises an alert with at most five errors and without a token', async () => {
      const devices = simulator.mintMany(8);
      for (const { deviceUuid } of devices) simulator.claimByOther(deviceUuid);
      const errors = devices.map(({ claimToken }, row) => `[${row}]: ${claimToken} is taken`);
      simulator.faults.add({ match: { host: 'summary' }, body: { errors } });
      const tokens = devices.map(({ claimToken }) => claimToken);
      const { rows, failed, firstErrors } = await alertOf(tokens);
      assert.deepEqual([rows, failed], [8, 8]);
      const expected = devices.map(({ deviceUuid }, row) => ({
        line: row + 1,
        deviceId: deviceUuid,
        message: '… is taken',
      }));
      assert.deepEqual(firstErrors, expected.slice(0, 5));
    });

    it('raises one alert when an upload fails, and when the end of an operation is unknown', async () => {
      const [{ claimToken }] = twoDevices();
      simulator.faults.add({ match: { operation: 'bulkClaim' }, status: 503, times: 1 });
      const failed = await alertOf([claimToken]);
      assert.equal(failed['alert'], 'NRFCLOUD_UNAVAILABLE');
      assert.match(String(failed['firstErrors'][0].message), /0 uploads were accepted and 1 failed/);
      simulator.faults.add({ match: { operation: 'bulkStatus' }, status: 400, times: 1 });
      const unknown = await alertOf([claimToken]);
      assert.equal(unknown['alert'], 'NRFCLOUD_REJECTED');
      assert.match(String(unknown['bulkOpsRequestId']), /./);
      assert.ok(!`${JSON.stringify(failed)}${JSON.stringify(unknown)}`.includes(claimToken.slice(0, 40)));
    });

    it('raises no alert when all rows are claimed', async () => {
      const [good] = simulator.mintMany(1);
      alerts.clear();
      await running.press(ALERT, 'claim these rows', [good!.claimToken]);
      await eventually(() => simulator.claims.has(good!.deviceUuid), 'the claim');
      // The next alert is the only one.
      await alertOf(17);
      assert.equal(alerts.posted.length, 1);
    });
  });

  describe('with a service that answers at once', () => {
    before(async () => {
      const flows = (await (await running.nodeRed.admin('/flows')).json()) as FlowNode[];
      const current = flows.map((node) => (node.type === 'nrfcloud-connection' ? { ...node, api: 'current' } : node));
      const seen = running.nodeRed.log.length;
      await running.nodeRed.deploy(current);
      await brokerConnected(running, seen);
      rmSync(givenUp, { force: true });
    });

    it('reports, retries and alerts the same', async () => {
      const [mine, other] = twoDevices();
      const report = await upload.reportOf(`${mine.claimToken}\nno token\n${other.claimToken}\n`);
      assert.deepEqual(fates(report), [
        [1, 'claimed', undefined],
        [2, 'rejected', 'INVALID_TOKEN'],
        [3, 'refused', undefined],
      ]);
      await retry([other.claimToken]);
      await eventually(() => jsonLines(givenUp).length === 1, 'the row that is given up');
      assert.deepEqual([jsonLines(givenUp)[0]!['round'], jsonLines(givenUp)[0]!['code']], [3, 'REFUSED']);
      const { alert: name, failed } = await alertOf([other.claimToken]);
      assert.deepEqual([name, failed], ['BULK_OPERATION_FAILED', 1]);
      assert.ok(simulator.counters['bulkClaimNow']! >= 6);
    });
  });
});
