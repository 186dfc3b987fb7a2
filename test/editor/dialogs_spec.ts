import assert from 'node:assert/strict';
import packageJson from '../../package.json';
import { CONTRACT } from '../support/contract';
import { KNOWN, useEditor } from '../support/shared-editor';

// The editor's own objects, in the page.
declare const RED: any;

const TYPES = Object.keys(packageJson['node-red'].nodes);
const CONFIG_TYPES = TYPES.filter((type) => CONTRACT[type]!.category === 'config');
const PALETTE_TYPES = TYPES.filter((type) => !CONFIG_TYPES.includes(type));
/** What a key of a catalog looks like that was not found. */
const RAW_KEY = /nrfcloud-[\w-]+[.:]\w|node-red:\w/;

describe('every dialog', function () {
  this.timeout(30_000);
  const stage = useEditor();

  /** What is wrong with the texts and labels of the open dialog, as it is shown now. */
  const complaints = (): Promise<string[]> => stage.editor.form.evaluate(complain, RAW_KEY.source);

  /** Looks at the open dialog with every choice of every select box. */
  const inspect = async (): Promise<void> => {
    const { editor } = stage;
    const found = new Set(await complaints());
    for (const select of await editor.form.locator('select:visible').all()) {
      const chosen = await select.inputValue();
      const values = await select
        .locator('option')
        .evaluateAll((options: any[]) => options.map(({ value }) => value as string));
      for (const value of [...values.filter((value) => value !== chosen), chosen]) {
        await select.selectOption(value);
        for (const complaint of await complaints()) found.add(complaint);
      }
    }
    for (const violation of await editor.accessibilityViolations()) found.add(violation);
    assert.deepEqual([...found], []);
  };

  for (const type of PALETTE_TYPES) {
    describe(type, () => {
      it('stands in the palette with label, icon and the first paragraph of its help', async () => {
        const { editor } = stage;
        const entry = editor.paletteNode(type);
        const category = await entry.evaluate(
          (element: any) => element.closest('.red-ui-palette-category').textContent,
        );
        assert.match(category, /^nRF Cloud/);
        const label = await entry.locator('.red-ui-palette-label').innerText();
        assert.notEqual(label, '');
        assert.doesNotMatch(label, RAW_KEY);
        assert.notEqual(label, type);
        const icon = await entry.locator('.red-ui-palette-icon-container').getAttribute('data-palette-icon');
        assert.equal(icon, `icons/${packageJson.name}/${type}.svg`);
        const answer = await editor.page.request.get(`${stage.runtime.adminUrl}/${icon}`);
        assert.match(await answer.text(), /^<svg/);

        await entry.scrollIntoViewIfNeeded();
        await entry.hover();
        const tooltip = editor.page.locator('.red-ui-popover:visible').last();
        await tooltip.waitFor();
        const shown = plain(await tooltip.innerText());
        const first = await editor.page.evaluate((wanted) => {
          const help = new DOMParser().parseFromString(RED.nodes.getNodeHelp(wanted), 'text/html');
          return help.querySelector('p')!.textContent;
        }, type);
        assert.ok(plain(first).length > 20);
        assert.ok(shown.includes(plain(first)), shown);
        await editor.page.mouse.move(700, 700);
      });

      it('is dragged to the canvas, opens, labels all there is, shows its help, and closes', async () => {
        const { editor } = stage;
        const id = await editor.drag(type, { x: 300, y: 200 });
        const label = await editor.node(id).locator('.red-ui-flow-node-label').textContent();
        assert.notEqual(label, '');
        assert.doesNotMatch(label!, RAW_KEY);
        const { outputs, portLabels } = await editor.page.evaluate((wanted) => {
          const node = RED.nodes.node(wanted);
          const ports = Array.from({ length: node.outputs as number }, (_, port) => port);
          const { outputLabels } = node._def;
          return {
            outputs: node.outputs as number,
            portLabels: ports.map((port) =>
              String(typeof outputLabels === 'function' ? outputLabels.call(node, port) : outputLabels?.[port]),
            ),
          };
        }, id);
        assert.equal(outputs, CONTRACT[type]!.outputs);
        for (const portLabel of portLabels) {
          assert.notEqual(portLabel, '');
          assert.doesNotMatch(portLabel, /undefined|nrfcloud-[\w-]+\./);
        }

        await editor.openDialog(id);
        await editor.field('connection').selectOption(KNOWN);
        await inspect();
        const help = await editor.showHelp();
        assert.doesNotMatch(help, RAW_KEY);
        assert.match(help, /Inputs\s[\s\S]*Outputs\s[\s\S]*Details\s/);
        await editor.done();

        assert.deepEqual(await editor.judge(id), { valid: true, errors: [] });
        const { connection, ...kept } = await editor.properties(id);
        assert.equal(connection, KNOWN);
        for (const [property, value] of Object.entries(CONTRACT[type]!.defaults)) {
          // A number that went through a field is text.
          if (property !== 'connection') assert.equal(String(kept[property]), String(value), property);
        }
        await editor.remove(id);
      });
    });
  }

  it('asks in a sentence for a connection, and for nothing else that a flow made by hand leaves out', async () => {
    const { editor } = stage;
    await editor.import(
      PALETTE_TYPES.map((type, place) => ({ id: type, type, z: 'tab', x: 600, y: 60 * (place + 1), wires: [] })),
    );
    const judgements: Record<string, string[]> = {};
    for (const type of PALETTE_TYPES) {
      judgements[type] = (await editor.judge(type)).errors;
      assert.equal(await editor.node(type).locator('.red-ui-flow-node-error').isVisible(), true);
    }
    assert.deepEqual(
      judgements,
      Object.fromEntries(PALETTE_TYPES.map((type) => [type, ['Connection: property value missing']])),
    );
    for (const type of PALETTE_TYPES) await editor.remove(type);
  });

  for (const type of CONFIG_TYPES) {
    it(`${type} opens from the dialog of a node that uses it, labels all there is, and closes`, async () => {
      const { editor } = stage;
      const user = await editor.drag('nrfcloud-claim', { x: 300, y: 200 });
      await editor.openDialog(user);
      await editor.openConfig('connection', 'add');
      await inspect();
      const help = await editor.showHelp();
      assert.doesNotMatch(help, RAW_KEY);
      await editor.done();
      const id = await editor.field('connection').inputValue();
      assert.deepEqual(await editor.judge(id), { valid: true, errors: [] });
      const kept = await editor.properties(id);
      for (const [property, value] of Object.entries(CONTRACT[type]!.defaults)) {
        assert.equal(String(kept[property]), String(value), property);
      }
      await editor.closeDialogs();
      await editor.remove(user);
    });
  }
});

/** Text without the line breaks of its lay-out. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Runs in the page: what is missing in a form. */
function complain(form: any, rawKey: string): string[] {
  const found: string[] = [];
  const raw = new RegExp(rawKey);
  const isVisible = (element: any): boolean => element.getClientRects().length > 0;
  const isWrapped = (element: any): boolean =>
    element.offsetHeight >= 2 * parseFloat(form.ownerDocument.defaultView.getComputedStyle(element).lineHeight);
  const name = (element: any): string => (element.id as string) || (element.className as string);
  for (const element of form.querySelectorAll('label, [data-i18n]')) {
    if (!isVisible(element)) continue;
    const attribute = /^\[([\w-]+)\]/.exec(element.getAttribute('data-i18n') ?? '')?.[1];
    const text: string = attribute === undefined ? element.textContent.trim() : element.getAttribute(attribute);
    if (!text) found.push(`no text in ${element.outerHTML}`);
    else if (raw.test(text)) found.push(`untranslated: ${text}`);
    else if (element.tagName === 'LABEL' && isWrapped(element)) found.push(`more than a line: ${text}`);
  }
  for (const control of form.querySelectorAll('input, select, textarea, button')) {
    // The traps are the editor's own: they keep browsers from filling in passwords.
    if (!isVisible(control) || control.disabled || control.id.startsWith('red-ui-trap')) continue;
    const isButton = control.tagName === 'BUTTON';
    const words = [
      ...[...(control.labels ?? [])].map((label: any) => label.textContent as string),
      control.getAttribute('aria-label'),
      ...(control.getAttribute('aria-labelledby') ?? '')
        .split(' ')
        .map((id: string) => form.ownerDocument.getElementById(id)?.textContent),
      // Only for buttons is what they show, or their tooltip, name enough.
      ...(isButton ? [control.textContent, control.title] : []),
    ];
    if (!words.some((word) => word?.trim())) found.push(`no label for ${name(control)}`);
    if (raw.test(words.join(' '))) found.push(`untranslated label of ${name(control)}`);
  }
  return found;
}
