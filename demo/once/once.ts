import type { Endpoints } from '../demo';
import { Controls } from '../../harness/controls';
import { startBatch, type BatchResult } from './batch';
import { httpChannel, mqttChannel, type ClaimResult } from './channels';
import { cases, DEVICES, fits, type Expectation } from './cases';
import { tagAndDevice } from './devices';
import { claimFile } from './file';
import { tableHead, tableRow } from './table';

/** Maximum length of a reason in the table, in characters. */
const MAX_REASON = 70;

/**
 * Claims devices by both channels, from a file and in a batch, and prints a line for each result as it arrives.
 * @returns whether all results are as expected
 */
export async function runOnce(
  endpoints: Endpoints,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const controls = new Controls(endpoints.controls);
  const devices = await controls.mint(DEVICES);
  await controls.giveAway(devices.at(-1)!);
  const channels = { MQTT: await mqttChannel(endpoints.broker, signal), HTTP: httpChannel(endpoints.nodeRed, signal) };
  const closers = [channels.MQTT.close];
  try {
    print(`\n${tableHead()}`);
    const results: boolean[] = [];
    const claimed = new Set<string>();
    for (const [index, testCase] of cases(devices).entries()) {
      const { channel, what, payload, expected } = testCase;
      const station = String(index + 1);
      const result = await channels[channel].send(payload, station);
      const ok = fits(result, testCase, station);
      results.push(ok);
      if (expected.error === undefined) claimed.add(expected.deviceUuid);
      print(tableRow([mark(ok), channel, what, describeExpectation(expected, result), describe(result)]));
    }
    results.push(await checkClaimedDevices(controls, claimed, print));
    // The devices of the batch contact the service while the file is claimed.
    const batch = await startBatch(endpoints, controls, signal);
    closers.push(batch.close);
    print('\nA file of 2,500 rows, with every kind of invalid row, to POST /claim-file:');
    const file = await claimFile(endpoints, controls, signal);
    for (const line of file.lines) print(`${mark(file.ok)}    ${line}`);
    results.push(file.ok);
    print('\nA tag and a device:');
    const [device] = await controls.mint(1);
    for await (const { ok, what, expected, result } of tagAndDevice(endpoints, device!, signal)) {
      print(`${mark(ok)}    ${what}: ${result}${ok ? '' : ` instead of ${expected}`}`);
      results.push(ok);
    }
    print('\nA batch, from its claim to the onboarding of each device, by POST /claim-batch:');
    for (const result of await batch.finish()) {
      print(describeBatchResult(result));
      results.push(result.ok);
    }
    const good = results.filter(Boolean).length;
    print(`\n${good} of ${results.length} as expected.`);
    return good === results.length;
  } finally {
    await Promise.all(closers.map((close) => close()));
  }
}

/** Compares the flow's results with the devices that the service has claimed. */
async function checkClaimedDevices(
  controls: Controls,
  claimed: Set<string>,
  print: (line: string) => void,
): Promise<boolean> {
  const { devices, claims } = await controls.state();
  const once = devices.every(({ id }) => claimed.has(id) && claims[id] === 1);
  const ok = once && devices.length === claimed.size;
  const result = `${devices.length} devices, ${once ? 'each' : 'not each'} claimed once`;
  print(tableRow([mark(ok), '', 'at the service', `${claimed.size} devices`, result]));
  return ok;
}

function describeBatchResult({ ok, name, expected, reported }: BatchResult): string {
  const lines = reported.map(({ stage, reason }) => (reason === '' ? stage : `${stage}: ${reason}`));
  const result = lines.length === 0 ? 'not reported' : lines.join(' and ');
  return `${mark(ok)}    ${name}: ${result}${ok ? '' : ` instead of ${expected}, once`}`;
}

function mark(ok: boolean): string {
  return ok ? 'ok' : 'FAIL';
}

function describeExpectation({ status, error }: Expectation, { status: seen }: ClaimResult): string {
  return `${seen === undefined ? '' : `${status} `}${error ?? 'the device'}`;
}

function describe({ status, body }: ClaimResult): string {
  const code = status === undefined ? '' : `${status} `;
  if ('error' in body) {
    const reason = String(body['message']);
    return `${code}${String(body['error'])}: ${reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON)}…` : reason}`;
  }
  return `${code}${String(body['id'])} ${JSON.stringify(body['tags'])}`;
}
