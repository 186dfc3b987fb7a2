import assert from 'node:assert/strict';
import { KNOWN, useEditor } from '../support/shared-editor';

describe('the dialogs of nrfcloud-tags, nrfcloud-device and nrfcloud-devices', () => {
  const stage = useEditor();
  const at = { z: 'tab', x: 300, y: 300, wires: [[]], connection: KNOWN, output: 'payload' };

  /** Puts a node on the canvas, and takes it off when the test is over. */
  const withNode = async (node: Record<string, unknown>, test: () => Promise<void>): Promise<void> => {
    const { editor } = stage;
    await editor.import([{ id: 'node', ...at, ...node }]);
    await test();
    await editor.remove('node');
  };

  it('show what the chosen operation on tags uses, and nothing else', async function () {
    this.timeout(30_000);
    await withNode({ type: 'nrfcloud-tags', operation: 'list', input: 'payload', inputType: 'msg' }, async () => {
      const { editor } = stage;
      await editor.openDialog('node');
      const input = editor.dialog.locator('.nrfcloud-tags-input');
      assert.equal(await input.isVisible(), false);
      for (const [operation, label] of [
        ['create', 'Tag'],
        ['get', 'Tag id'],
        ['update', 'Change'],
        ['device', 'Device'],
        ['msg', 'Input'],
      ]) {
        await editor.field('operation').selectOption(operation!);
        assert.equal(await input.isVisible(), true);
        assert.equal((await input.locator('label').textContent())?.trim(), label);
        assert.notEqual(await input.locator('#nrfcloud-tags-input-hint').textContent(), '');
      }
      await editor.field('operation').selectOption('delete');
      await editor.done();
      assert.equal(await editor.node('node').locator('.red-ui-flow-node-label').textContent(), 'delete tag');
      assert.deepEqual(await editor.judge('node'), { valid: true, errors: [] });
    });
  });

  it('warn of unclaiming, in words, and mark a node that may', async function () {
    this.timeout(30_000);
    await withNode({ type: 'nrfcloud-device', operation: 'block', device: 'payload', deviceType: 'msg' }, async () => {
      const { editor } = stage;
      const label = editor.node('node').locator('.red-ui-flow-node-label');
      assert.equal(await label.textContent(), 'block device');
      await editor.openDialog('node');
      const box = editor.dialog.locator('.nrfcloud-device-unclaim');
      const warning = editor.dialog.locator('.nrfcloud-device-warning');
      assert.deepEqual([await box.isVisible(), await warning.isVisible()], [false, false]);
      await editor.field('operation').selectOption('unclaim');
      assert.deepEqual([await box.isVisible(), await warning.isVisible()], [true, false]);
      await editor.done();
      const { valid, errors } = await editor.judge('node');
      assert.equal(valid, false);
      assert.match(errors.join(), /without it this node unclaims nothing/);

      await editor.openDialog('node');
      await editor.dialog.getByLabel('Allow unclaim').check();
      assert.equal(await warning.isVisible(), true);
      assert.match((await warning.textContent())!, /deletes the device's data, and anyone can claim/);
      assert.equal(await warning.locator('.fa-exclamation-triangle').isVisible(), true);
      await editor.done();
      assert.deepEqual(await editor.judge('node'), { valid: true, errors: [] });
      assert.equal(await label.textContent(), '⚠ unclaim device');
    });
  });

  it("complete tags from the account's, one after another or alone", async function () {
    this.timeout(40_000);
    const { editor, simulator } = stage;
    const { page } = editor;
    simulator.fill(1, ['color=red', 'color=blue', 'location=Oslo', 'a,b']);
    const offered = page.locator('.red-ui-autoComplete-container:visible a');
    const typeInto = async (text: string): Promise<void> => {
      const label = editor.dialog.locator('.red-ui-typedInput-input:visible').nth(text === 'color' ? 0 : 1);
      await label.click();
      await page.keyboard.insertText(text);
      // The list opens when a key is let go; one that is let go while it opens is lost on the editor.
      await page.keyboard.press('End');
      // The list follows the typing; it is whole when its first line is what was typed last.
      await offered
        .first()
        .filter({ hasText: text.slice(text.lastIndexOf(',') + 1).trim() })
        .waitFor();
    };
    await withNode(
      { type: 'nrfcloud-claim', token: 'payload', tokenType: 'msg', tags: '', tagsType: 'str' },
      async () => {
        await editor.openDialog('node');
        await typeInto('x, COLOR');
        assert.deepEqual(await offered.allTextContents(), ['COLOR', 'color=red', 'color=blue']);
        await offered.nth(1).click();
        await page.keyboard.insertText(', col');
        await page.keyboard.press('End');
        await offered.first().getByText('col', { exact: true }).waitFor();
        assert.deepEqual(await offered.allTextContents(), ['col', 'color=blue']);
        await page.keyboard.press('Tab');
        await editor.done();
        const { tags, tagsType } = await editor.properties('node');
        assert.deepEqual([tags, tagsType], ['x, color=red, col', 'str']);
      },
    );
    await withNode({ type: 'nrfcloud-devices', tag: '', tagType: 'str', query: '', queryType: 'str' }, async () => {
      await editor.openDialog('node');
      await typeInto('color');
      await offered.getByText('color=blue').click();
      await editor.done();
      assert.equal((await editor.properties('node'))['tag'], 'color=blue');
    });
  });
});
