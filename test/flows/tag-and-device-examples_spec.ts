import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { eventually } from '../../harness/eventually';
import type { Simulator } from '../../simulator';
import type { RunningExamples } from '../support/examples';
import { startExamplesWithBroker, type ExamplesWithBroker } from './examples-with-broker';

const BLOCK = 'Block a device by MQTT message';
const TAG_WIDE = 'Block or unblock everything with a tag';
const MOVE = 'Move devices from one tag to another';
const INVENTORY = 'Nightly inventory to CSV';

describe('the examples with tags and devices', function () {
  this.timeout(60_000);
  let examples: ExamplesWithBroker;
  let simulator: Simulator;
  let running: RunningExamples;
  let mqtt: MqttClient;
  let folder: string;

  before(async () => {
    examples = await startExamplesWithBroker(
      [BLOCK, TAG_WIDE, MOVE, INVENTORY],
      // Relative paths are found there.
      (files) => ({ settings: { fileWorkingDirectory: files } }),
      { pageSize: 2 },
    );
    ({ simulator, running, mqtt, folder } = examples);
    await examples.broker.subscribed('devices/+/block');
  });
  after(() => examples.stop());

  /** Resolves when a debug node has written such a line to Node-RED's log. */
  const told = (pattern: RegExp): Promise<void> => {
    const seen = running.nodeRed.log.length;
    return running.nodeRed.until(
      () => running.nodeRed.log.slice(seen).some((line) => pattern.test(line)),
      `${pattern}`,
    );
  };

  it('block a device by MQTT message, and tell its status', async () => {
    const [id] = simulator.fill(1);
    const messages: string[] = [];
    mqtt.on('message', (topic, payload) => messages.push(`${topic} ${payload.toString()}`));
    await mqtt.subscribeAsync('devices/+/status');
    await mqtt.publishAsync(`devices/${id}/block`, '', { qos: 1 });
    await eventually(() => messages.length > 0, 'the status');
    assert.deepEqual(messages, [`devices/${id}/status BLOCKED`]);
    assert.equal(simulator.device(id!)!['status'], 'BLOCKED');
  });

  it('block and unblock everything with a tag, and report what failed', async () => {
    const ids = simulator.fill(5, ['location=Trondheim']);
    simulator.fill(3);
    simulator.faults.add({ match: { path: `/claimed-devices/${ids[4]}/block` }, times: 1, status: 403 });
    const blocked = told(/succeeded: 4/);
    await running.press(TAG_WIDE, 'block all');
    await blocked;
    assert.deepEqual(
      ids.map((id) => simulator.device(id)!['status']),
      ['BLOCKED', 'BLOCKED', 'BLOCKED', 'BLOCKED', 'READY'],
    );
    const unblocked = told(/succeeded: 5/);
    await running.press(TAG_WIDE, 'unblock all');
    await unblocked;
    assert.ok(ids.every((id) => simulator.device(id)!['status'] === 'READY'));
  });

  it('write an inventory to a CSV file that no spreadsheet runs', async () => {
    const tags = ['=1+1', '+1', '-1', '@SUM(1)', '\tx'];
    for (const tag of tags) simulator.fill(1, [tag, 'b']);
    const written = told(/inventory-.*\.csv/);
    await running.press(INVENTORY, 'at 02:00');
    await written;
    const [name] = readdirSync(folder).filter((file) => file.endsWith('.csv'));
    assert.match(name!, /^inventory-\d{4}-\d\d-\d\d\.csv$/);
    const lines = readFileSync(join(folder, name!), 'utf8').trimEnd().split('\n');
    assert.equal(lines[0], 'id,deviceType,imei,status,tags,claimedAt');
    assert.equal(lines.length, simulator.devices().length + 1);
    const { id, imei } = simulator.devices()[1]!;
    assert.match(lines[2]!, new RegExp(`^${String(id)},nrf9151_LACA,${String(imei)},READY,location=Trondheim,\\d{4}-`));
    assert.deepEqual(
      lines.slice(-tags.length).map((line) => /"(.*)"/.exec(line)?.[1]),
      tags.map((tag) => `'${tag}, b`),
    );
  });

  it('move all devices of a tag to another name', async () => {
    const renamed = simulator.events.waitFor('response', ({ operation }) => operation === 'updateTag', 20_000);
    await running.press(MOVE, 'move');
    assert.equal((await renamed).status, 200);
    const names = simulator.tags().map(({ tag }) => tag as string);
    assert.ok(names.includes('location=Oslo') && !names.includes('location=Trondheim'));
  });
});
