import { parse } from 'csv-parse/sync';
import { connectAsync } from 'mqtt';
import type { Endpoints } from '../demo';
import type { Controls } from '../../harness/controls';
import type { DeviceBehaviour } from '../../simulator';

/** Seconds until a device is reported as not onboarded; well beyond the last device that is onboarded. */
export const ONCE_ONBOARDING_TIMEOUT_S = 12;

/** A device that behaves in one way, and the stage that must be reported for it. */
interface BatchCase {
  /** The device's behaviour in words. */
  name: string;
  behaviour: Partial<DeviceBehaviour>;
  stage: 'onboarded' | 'failed' | 'waiting';
}

const CASES: BatchCase[] = [
  { name: 'contacts the service at once', behaviour: { contactAfterMs: 0, onboardAfterMs: 0 }, stage: 'onboarded' },
  {
    name: 'contacts it after 4 seconds',
    behaviour: { contactAfterMs: 4000, onboardAfterMs: 1000 },
    stage: 'onboarded',
  },
  { name: 'never contacts it', behaviour: { contactAfterMs: null }, stage: 'waiting' },
  {
    name: 'fails a command',
    behaviour: { contactAfterMs: 0, failAt: { index: 0, cme: 528, text: 'not enough memory' } },
    stage: 'failed',
  },
];

/** One line of the report file. */
interface ReportLine {
  line: string;
  deviceId: string;
  stage: string;
  reason: string;
}

/** A device of the batch, and how often and how it is reported. */
export interface BatchResult {
  ok: boolean;
  name: string;
  expected: string;
  /** The device's lines of the report. */
  reported: ReportLine[];
}

/** A batch whose devices are being followed. */
export interface StartedBatch {
  /** Resolves with the result of each device when the report has a line for each. */
  finish: () => Promise<BatchResult[]>;
  close: () => Promise<void>;
}

/** Claims one device of each behaviour by `POST /claim-batch`, and collects the report while other work goes on. */
export async function startBatch(
  { broker, nodeRed }: Endpoints,
  controls: Controls,
  signal: AbortSignal,
): Promise<StartedBatch> {
  const devices = await controls.mint(CASES.length);
  for (const [index, { behaviour }] of CASES.entries()) {
    await controls.setBehaviour(devices[index]!.deviceUuid, behaviour);
  }
  const client = await connectAsync(broker, { reconnectPeriod: 0 });
  client.on('error', () => undefined);
  const missing = new Set(devices.map(({ deviceUuid }) => deviceUuid));
  const complete = new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('The demo has ended.')), { once: true });
    client.on('message', (_topic, payload) => {
      for (const { deviceId } of parseReport(payload.toString())) missing.delete(deviceId);
      if (missing.size === 0) resolve();
    });
  });
  complete.catch(() => undefined);
  const url = `${nodeRed}/claim-batch`;
  await client.subscribeAsync('batch/row', { qos: 1 });
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: devices.map(({ claimToken }) => `${claimToken}\n`).join(''),
    signal,
  });
  if (response.status !== 202) {
    await client.endAsync(true);
    throw new Error(`POST /claim-batch: HTTP ${response.status}: ${await response.text()}`);
  }
  return {
    finish: async () => {
      await complete;
      // The file shows what a message per device cannot: lines that no device of the batch explains.
      const report = parseReport(await (await fetch(url, { signal })).text());
      return CASES.map(({ name, stage }, index) => {
        const reported = report.filter(({ deviceId }) => deviceId === devices[index]!.deviceUuid);
        const [first] = reported;
        const isRight = first?.stage === stage && (stage === 'onboarded' || first.reason !== '');
        const isOnce = reported.length === 1 && report.length === CASES.length;
        return { ok: isRight && isOnce && first.line === String(index + 1), name, expected: stage, reported };
      });
    },
    close: () => client.endAsync(true),
  };
}

/** Reads lines of the report. */
function parseReport(csv: string): ReportLine[] {
  return parse(csv, { columns: ['line', 'deviceId', 'stage', 'reason'] }) as unknown as ReportLine[];
}
