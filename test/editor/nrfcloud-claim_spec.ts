import assert from 'node:assert/strict';
import { KEY, KNOWN, useEditor } from '../support/shared-editor';
import { drawWire } from './draw-wire';

// The editor's own objects, in the page.
declare const RED: any;

describe('the dialog of nrfcloud-claim', function () {
  this.timeout(30_000);
  const stage = useEditor();

  it('is filled in by keyboard and mouse, deployed, and claims what an inject node sends', async () => {
    const { editor, simulator } = stage;
    const { page } = editor;
    const { claimToken, deviceUuid } = simulator.mint();
    await editor.import([
      { id: 'inject', type: 'inject', z: 'tab', name: 'token', x: 120, y: 200, ...injecting(claimToken), wires: [[]] },
      { id: 'debug', type: 'debug', z: 'tab', ...SHOWING_DEVICE_ID, x: 600, y: 200, wires: [] },
    ]);
    const claim = await editor.drag('nrfcloud-claim', { x: 330, y: 200 });
    await drawWire(editor, 'inject', claim);
    await drawWire(editor, claim, 'debug');

    await editor.openDialog(claim);
    await editor.openConfig('connection', 'add');
    await editor.type('Name', 'line');
    await page.keyboard.press('Tab');
    await page.keyboard.type(KEY);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Control+A');
    await page.keyboard.type(simulator.url);
    await editor.done();
    const connection = await editor.field('connection').inputValue();
    await editor.type('Claim token', 'payload');
    await editor.dialog.getByText('Tags', { exact: true }).click();
    await page.keyboard.type('station=7');
    await editor.dialog.getByLabel('If already yours').selectOption('error');
    await editor.done();

    assert.deepEqual(await editor.judge(claim), { valid: true, errors: [] });
    const { tags, tagsType, whenClaimed, connection: chosen } = await editor.properties(claim);
    assert.deepEqual({ tags, tagsType, whenClaimed }, { tags: 'station=7', tagsType: 'str', whenClaimed: 'error' });
    assert.equal(chosen, connection);
    const shown = editor.node(claim);
    assert.equal(await shown.locator('.red-ui-flow-node-label').textContent(), 'claim → station=7');
    assert.equal(await shown.locator('.red-ui-flow-node-error').isVisible(), false);

    await editor.deploy();
    await page.evaluate(() => RED.sidebar.show('debug'));
    await editor.node('inject').locator('.red-ui-flow-node-button-button').click();
    const status = shown.locator('.red-ui-flow-node-status-group');
    await status.getByText('claimed', { exact: true }).waitFor();
    await status.locator('.red-ui-flow-node-status-dot-green').waitFor();
    await page.locator('.red-ui-debug-msg').getByText(deviceUuid).waitFor();
    assert.equal(simulator.claims.get(deviceUuid), 1);
    assert.deepEqual(simulator.device(deviceUuid)!['tags'], ['station=7']);

    await editor.openDialog(claim);
    await editor.openConfig('connection', 'edit');
    assert.equal(await editor.field('apiKey').inputValue(), '__PWRD__');
    await editor.done();
    await editor.done();

    // The browser knows that there is a key, not the key.
    const received = (await Promise.all(editor.received)).join('\n');
    assert.ok(received.includes('has_apiKey') && received.includes(deviceUuid));
    assert.equal(received.includes(KEY), false);
  });

  it('says in sentences what cannot work, and the node gets its red triangle', async () => {
    const { editor } = stage;
    const claim = await editor.drag('nrfcloud-claim', { x: 300, y: 320 });
    await editor.openDialog(claim);
    await editor.type('Claim token', '');
    await editor.type('Tags', `short,${'x'.repeat(101)}`);
    // Not before, as a connection remembers the account's tags for a while, and another test defines some.
    await editor.field('connection').selectOption(KNOWN);
    await editor.dialog.getByText('only check whether').click();
    await editor.type('Output', '');
    for (const property of ['token', 'tags', 'dryRun', 'output']) {
      assert.match((await editor.field(property).getAttribute('class'))!, /input-error/, property);
    }
    await editor.done();
    const { valid, errors } = await editor.judge(claim);
    assert.equal(valid, false);
    assert.deepEqual(errors, [
      'Enter where the claim token is, such as msg.payload',
      'A tag can have at most 100 characters',
      'A dry run needs a connection with the API version current',
      'The output must be a message property, such as payload',
    ]);
    assert.equal(await editor.node(claim).locator('.red-ui-flow-node-error').isVisible(), true);

    await editor.openDialog(claim);
    await editor.type('Claim token', 'payload[');
    await editor.chooseType('tags', 'json');
    await editor.type('Tags', '["a"');
    await editor.dialog.getByText('only check whether').click();
    await editor.type('Output', 'result.device');
    await editor.done();
    const again = await editor.judge(claim);
    assert.equal(again.errors.length, 2);
    assert.match(again.errors[0]!, /^Claim token: Invalid property expression/);
    assert.match(again.errors[1]!, /^Tags: Invalid JSON data/);

    await editor.openDialog(claim);
    await editor.chooseType('token', 'str');
    await editor.type('Claim token', '${CLAIM_TOKEN}');
    await editor.type('Tags', '["a"]');
    await editor.done();
    assert.deepEqual(await editor.judge(claim), { valid: true, errors: [] });
    await editor.remove(claim);
  });
});

/** A debug node's properties for `msg.deviceId` in the sidebar. */
const SHOWING_DEVICE_ID = { active: true, tosidebar: true, complete: 'deviceId', targetType: 'msg' };

/** An inject node's properties for a text in `msg.payload`. */
function injecting(payload: string): Record<string, unknown> {
  return { props: [{ p: 'payload' }], repeat: '', crontab: '', once: false, topic: '', payload, payloadType: 'str' };
}
