import assert from 'node:assert/strict';
import packageJson from '../../package.json';
import { CONTRACT } from '../support/contract';
import { unreadable } from '../support/contrast';
import { Editor } from '../support/editor';
import { KEYLESS, KNOWN, useEditor } from '../support/shared-editor';

// The editor's own objects, in the page.
declare const RED: any;

const PALETTE_TYPES = Object.keys(packageJson['node-red'].nodes).filter(
  (type) => CONTRACT[type]!.category !== 'config',
);

describe('all text can be read', function () {
  this.timeout(60_000);
  const stage = useEditor();

  // Where there is no dark theme, as in Node-RED 4, the choice changes nothing.
  for (const theme of ['light', 'dark']) {
    describe(`in the ${theme} theme`, () => {
      let editor: Editor;
      before(async () => {
        editor = await Editor.open(stage.browser, stage.runtime.adminUrl, { theme });
      });
      after(() => editor.close());

      it('is the theme that was chosen', async () => {
        const { isDark, version } = await editor.page.evaluate(() => ({
          isDark: document.documentElement.classList.contains('nr-theme-dark'),
          version: RED.settings.version as string,
        }));
        assert.equal(isDark, theme === 'dark' && Number.parseInt(version) >= 5);
      });

      for (const type of PALETTE_TYPES) {
        it(`${type}: palette, dialog and help`, async () => {
          const bad = await unreadable(editor.paletteNode(type));
          const id = await editor.drag(type, { x: 300, y: 200 });
          await editor.openDialog(id);
          await editor.field('connection').selectOption(KNOWN);
          bad.push(...(await unreadable(editor.form)));
          await editor.showHelp();
          bad.push(...(await unreadable(editor.page.locator('.red-ui-help:visible').first())));
          await editor.closeDialogs();
          await editor.remove(id);
          assert.deepEqual(bad, []);
        });
      }

      it('warnings: of unclaiming, and of a connection that cannot work', async () => {
        const id = await editor.drag('nrfcloud-device', { x: 300, y: 200 });
        await editor.openDialog(id);
        await editor.field('operation').selectOption('unclaim');
        await editor.dialog.getByLabel('Allow unclaim').check();
        const bad = await unreadable(editor.form);
        await editor.field('connection').selectOption(KEYLESS);
        await editor.openConfig('connection', 'edit');
        await editor.dialog.getByRole('alert').getByText('is not set').waitFor();
        bad.push(...(await unreadable(editor.form)));
        await editor.closeDialogs();
        await editor.remove(id);
        assert.deepEqual(bad, []);
      });
    });
  }
});
