import { connectAsync } from 'mqtt';
import type { Endpoints } from '../demo';
import type { Controls } from '../../harness/controls';
import { FILE_DEVICES, messyFile } from './messy-file';

/** The outcome of one row, as the flow publishes it. */
interface RowOutcome {
  line: number;
  deviceId?: string;
  outcome: string;
  code?: string;
}

/** The rows of a file and their outcomes. */
export interface FileResult {
  ok: boolean;
  /** The result in lines for the user. */
  lines: string[];
  /** UUIDs of the devices that must be claimed. */
  claimed: string[];
}

/** Sends a messy file, waits until every row has an outcome, and compares them with the devices at the service. */
export async function claimFile(endpoints: Endpoints, controls: Controls, signal: AbortSignal): Promise<FileResult> {
  const file = messyFile(await controls.mint(FILE_DEVICES));
  await Promise.all(file.foreign.map((device) => controls.giveAway(device)));
  const outcomes: RowOutcome[] = [];
  const client = await connectAsync(endpoints.broker, { reconnectPeriod: 0 });
  client.on('error', () => undefined);
  try {
    const { expected } = file;
    const all = new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('The demo has ended.')), { once: true });
      client.on('message', (_topic, payload) => {
        if (outcomes.push(JSON.parse(payload.toString()) as RowOutcome) === expected.rows) resolve();
      });
    });
    all.catch(() => undefined);
    await client.subscribeAsync('bulk/+/row', { qos: 1 });
    const headers = { 'content-type': 'text/csv' };
    const response = await fetch(`${endpoints.nodeRed}/claim-file`, {
      method: 'POST',
      headers,
      body: file.csv,
      signal,
    });
    const summary = (await response.json()) as Record<string, unknown>;
    if (response.status !== 202)
      throw new Error(`POST /claim-file: HTTP ${response.status}: ${JSON.stringify(summary)}`);
    await all;
    const { devices, claims } = await controls.state();
    const have = new Set(devices.map(({ id }) => id));
    const count = (test: (row: RowOutcome) => boolean): number => outcomes.filter(test).length;
    const seen = {
      rows: new Set(outcomes.map(({ line }) => line)).size,
      claimed: count(({ outcome }) => outcome === 'claimed'),
      refused: count(({ outcome }) => outcome === 'refused'),
      rejected: count(({ outcome }) => outcome === 'rejected'),
      codes: Object.fromEntries(Object.keys(expected.codes).map((code) => [code, count((row) => row.code === code)])),
    };
    const once = file.good.every(({ deviceUuid }) => have.has(deviceUuid) && claims[deviceUuid] === 1);
    const codes = Object.entries(seen.codes).map(([code, rows]) => `${rows} ${code}`);
    return {
      ok: JSON.stringify(seen) === JSON.stringify(expected) && once && seen.rows === summary['rows'],
      lines: [
        `${String(summary['rows'])} rows in = ${seen.claimed} claimed + ${seen.refused} refused by the service + ${seen.rejected} rejected by the package (${codes.join(', ')})`,
        `${file.good.length} good devices: ${once ? 'each claimed once' : 'NOT each claimed once'} at the service`,
      ],
      claimed: file.good.map(({ deviceUuid }) => deviceUuid),
    };
  } finally {
    await client.endAsync(true);
  }
}
