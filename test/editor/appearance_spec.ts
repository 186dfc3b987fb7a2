import assert from 'node:assert/strict';
import packageJson from '../../package.json';
import { CONTRACT } from '../support/contract';
import { unreadable } from '../support/contrast';
import { NODE_RED_MAJOR } from '../support/editor-runtime';
import { KEYLESS, KNOWN, useEditor } from '../support/shared-editor';

const PALETTE_TYPES = Object.keys(packageJson['node-red'].nodes).filter(
  (type) => CONTRACT[type]!.category !== 'config',
);
/** Node-RED 4 has no dark theme. */
const THEMES = NODE_RED_MAJOR < 5 ? ['light'] : ['light', 'dark'];

describe('all text can be read', function () {
  this.timeout(60_000);
  const stage = useEditor();

  after(() => stage.editor.choose({}));

  for (const theme of THEMES) {
    describe(`in the ${theme} theme`, () => {
      before(() => stage.editor.choose({ theme }));

      it('is the theme that was chosen', async () => {
        const isDark = await stage.editor.page.evaluate(() =>
          document.documentElement.classList.contains('nr-theme-dark'),
        );
        assert.equal(isDark, theme === 'dark');
      });

      for (const type of PALETTE_TYPES) {
        it(`${type}: palette, canvas, dialog and help`, async () => {
          const { editor } = stage;
          const bad = await unreadable(editor.paletteNode(type));
          const id = await editor.drag(type, { x: 300, y: 200 });
          bad.push(...(await unreadable(editor.node(id).locator('.red-ui-flow-node-label'))));
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
        const { editor } = stage;
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
