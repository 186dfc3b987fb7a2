import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { KNOWN, useEditor } from '../support/shared-editor';
import { drawWire } from './draw-wire';

// The editor's own objects, in the page.
declare const RED: any;

describe('every node, dragged from the palette, filled in and deployed, works:', function () {
  this.timeout(60_000);
  const stage = useEditor();
  const INJECT = 'start';
  let placed: string[] = [];

  before(async () => {
    // What other specs have left on the canvas is no part of what is deployed here.
    await stage.editor.reload();
  });
  afterEach(async () => {
    for (const id of placed) await stage.editor.remove(id);
    placed = [];
    await stage.editor.page.evaluate(() => RED.nodes.dirty(true));
    await stage.editor.deploy();
    // Node-RED's canvas trips over what was taken away, as soon as a wire is drawn to a node that comes in its place.
    await stage.editor.reload();
  });

  /** Puts an inject node on the canvas that sends this payload. */
  const inject = async (payload: unknown): Promise<void> => {
    const json = JSON.stringify(payload);
    const what = { props: [{ p: 'payload' }], repeat: '', crontab: '', once: false, topic: '' };
    await stage.editor.import([
      {
        id: INJECT,
        type: 'inject',
        z: 'tab',
        x: 120,
        y: 440,
        ...what,
        payload: json,
        payloadType: 'json',
        wires: [[]],
      },
    ]);
    placed.push(INJECT);
  };

  /** Drags a node from the palette to a free place, and opens its dialog with the connection chosen. */
  const drag = async (type: string, x = 330): Promise<string> => {
    const { editor } = stage;
    const id = await editor.drag(type, { x, y: 440 });
    placed.push(id);
    await editor.openDialog(id);
    await editor.field('connection').selectOption(KNOWN);
    return id;
  };

  /** Closes the dialog, and looks at what the canvas then shows of the node. */
  const done = async (id: string, label: string): Promise<void> => {
    const { editor } = stage;
    await editor.done();
    assert.deepEqual(await editor.judge(id), { valid: true, errors: [] });
    assert.equal(await editor.node(id).locator('.red-ui-flow-node-label').textContent(), label);
  };

  /** Deploys, and presses the inject node's button. */
  const run = async (): Promise<void> => {
    const { editor } = stage;
    await editor.deploy();
    await editor.node(INJECT).locator('.red-ui-flow-node-button-button').click();
  };

  /** The status of a node, when it is green and says this. */
  const green = async (id: string, text: string): Promise<void> => {
    const status: Locator = stage.editor.node(id).locator('.red-ui-flow-node-status-group');
    await status.locator('.red-ui-flow-node-status-dot-green').waitFor();
    await status.getByText(text, { exact: true }).waitFor();
  };

  it('nrfcloud-bulk-claim and nrfcloud-bulk-status claim a list, and report its end', async () => {
    const { editor, simulator } = stage;
    const [first, second] = simulator.mintMany(2);
    await inject([first!.claimToken, second!.claimToken]);
    const claim = await drag('nrfcloud-bulk-claim');
    await editor.type('Tags for all', 'batch=9');
    await editor.type('Upload size', '1');
    await done(claim, 'bulk claim → batch=9');
    const status = await drag('nrfcloud-bulk-status', 560);
    await editor.type('Poll every', '0.1');
    await done(status, 'bulk status');
    await drawWire(editor, INJECT, claim);
    await drawWire(editor, claim, status);
    await run();
    await green(claim, 'uploaded');
    await green(status, 'ended');
    for (const { deviceUuid } of [first!, second!]) {
      assert.deepEqual(simulator.device(deviceUuid)!['tags'], ['batch=9']);
      assert.equal(simulator.claims.get(deviceUuid), 1);
    }
  });

  it('nrfcloud-tags creates a tag', async () => {
    const { editor, simulator } = stage;
    await inject('start');
    const tags = await drag('nrfcloud-tags');
    await editor.field('operation').selectOption('create');
    await editor.chooseType('input', 'str');
    await editor.type('Tag', 'shift=late');
    await done(tags, 'create tag: shift=late');
    await drawWire(editor, INJECT, tags);
    await run();
    await green(tags, 'created');
    assert.ok(simulator.tags().some(({ tag }) => tag === 'shift=late'));
  });

  it('nrfcloud-device blocks a device', async () => {
    const { editor, simulator } = stage;
    const [id] = simulator.fill(1);
    await inject({ deviceId: id });
    const device = await drag('nrfcloud-device');
    await editor.field('operation').selectOption('block');
    await done(device, 'block device');
    await drawWire(editor, INJECT, device);
    await run();
    await green(device, 'blocked');
    assert.match(simulator.requests.at(-1)!.url, new RegExp(`/claimed-devices/${id}/block$`));
    assert.equal(simulator.device(id!)!['status'], 'BLOCKED');
  });

  it('nrfcloud-devices lists the devices that carry a tag', async () => {
    const { editor, simulator } = stage;
    const [id] = simulator.fill(1, ['shelf=4']);
    simulator.fill(2);
    await inject('start');
    const devices = await drag('nrfcloud-devices');
    await editor.dialog.getByText('Tag', { exact: true }).click();
    await editor.page.keyboard.type('shelf=4');
    await editor.page.keyboard.press('Escape');
    await editor.field('mode').selectOption('each');
    await done(devices, 'each device: shelf=4');
    await editor.import([
      {
        id: 'seen',
        type: 'debug',
        z: 'tab',
        active: true,
        tosidebar: true,
        complete: 'payload.id',
        targetType: 'msg',
        x: 560,
        y: 440,
        wires: [],
      },
    ]);
    placed.push('seen');
    await drawWire(editor, INJECT, devices);
    await drawWire(editor, devices, 'seen');
    await editor.page.evaluate(() => RED.sidebar.show('debug'));
    await run();
    await green(devices, 'listed');
    const shown = editor.page.locator('.red-ui-debug-msg', { hasText: 'payload.id' });
    await shown.getByText(id!).waitFor();
    assert.equal(await shown.count(), 1);
  });

  it('a node with an invalid setting shows a sentence beside the field', async () => {
    const { editor } = stage;
    const wrong: Record<string, [string, string, string]> = {
      'nrfcloud-bulk-status': ['Poll every', '0', 'The interval must be a number of seconds'],
      'nrfcloud-device': ['Device', '', 'Enter where the device is'],
      'nrfcloud-tags': ['Output', '', 'The output must be a message property'],
    };
    for (const [type, [label, text, sentence]] of Object.entries(wrong)) {
      await drag(type);
      await editor.type(label, text);
      await editor.dialog.getByLabel('Name').hover();
      await (await editor.labelled(label)).hover();
      await editor.page.locator('.red-ui-popover:visible').getByText(sentence).waitFor();
      await editor.done();
      assert.equal(await editor.node(placed[0]!).locator('.red-ui-flow-node-error').isVisible(), true);
      await editor.remove(placed.pop()!);
    }
  });
});
