import type { Places } from '../demo';
import { Controls } from '../../harness/controls';
import { httpDoor, mqttDoor, type Answer } from './channels';
import { tableHead, tableRow } from './table';
import { tagAndDevice } from './devices';
import { claimFile } from './file';
import { DEVICES, fits, trials, type Expectation } from './cases';

/** Longest reason that stands in the table, in characters. */
const REASON = 70;

/**
 * Sends claim tokens through both doors, and prints a line for each answer as it comes.
 * @returns whether everything was as it must be
 */
export async function runOnce(places: Places, print: (line: string) => void, signal: AbortSignal): Promise<boolean> {
  const controls = new Controls(places.controls);
  const devices = await controls.mint(DEVICES);
  await controls.giveAway(devices.at(-1)!);
  const doors = { MQTT: await mqttDoor(places.broker, signal), HTTP: httpDoor(places.nodeRed, signal) };
  try {
    print(`\n${tableHead()}`);
    const results: boolean[] = [];
    const claimed = new Set<string>();
    for (const [index, trial] of trials(devices).entries()) {
      const { door, what, payload, expected } = trial;
      const station = String(index + 1);
      const answer = await doors[door].send(payload, station);
      const ok = fits(answer, trial, station);
      results.push(ok);
      if (expected.error === undefined) claimed.add(expected.deviceUuid);
      print(tableRow([mark(ok), door, what, describeExpectation(expected, answer), describe(answer)]));
    }
    results.push(await checkAccount(controls, claimed, print));
    print('\nA file of 2,500 rows, some bad in every way, to POST /claim-file:');
    const file = await claimFile(places, controls, signal);
    for (const line of file.lines) print(`${mark(file.ok)}    ${line}`);
    results.push(file.ok);
    print('\nA tag and a device:');
    const [device] = await controls.mint(1);
    for await (const { ok, what, expected, came } of tagAndDevice(places, device!, signal)) {
      print(`${mark(ok)}    ${what}: ${came}${ok ? '' : ` instead of ${expected}`}`);
      results.push(ok);
    }
    const good = results.filter(Boolean).length;
    print(`\n${good} of ${results.length} as expected.`);
    return good === results.length;
  } finally {
    await doors.MQTT.close();
  }
}

/** What the flow says is one thing; what the service has in the end is the other. */
async function checkAccount(controls: Controls, claimed: Set<string>, print: (line: string) => void): Promise<boolean> {
  const { devices, claims } = await controls.state();
  const once = devices.every(({ id }) => claimed.has(id) && claims[id] === 1);
  const ok = once && devices.length === claimed.size;
  const came = `${devices.length} devices, ${once ? 'each' : 'not each'} claimed once`;
  print(tableRow([mark(ok), '', 'the account', `${claimed.size} devices`, came]));
  return ok;
}

function mark(ok: boolean): string {
  return ok ? 'ok' : 'FAIL';
}

function describeExpectation({ status, error }: Expectation, { status: seen }: Answer): string {
  return `${seen === undefined ? '' : `${status} `}${error ?? 'the device'}`;
}

function describe({ status, body }: Answer): string {
  const code = status === undefined ? '' : `${status} `;
  if ('error' in body) {
    const reason = String(body['message']);
    return `${code}${String(body['error'])}: ${reason.length > REASON ? `${reason.slice(0, REASON)}…` : reason}`;
  }
  return `${code}${String(body['id'])} ${JSON.stringify(body['tags'])}`;
}
