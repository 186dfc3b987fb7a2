import assert from 'node:assert/strict';
import packageJson from '../../package.json';
import { CONTRACT } from '../support/contract';
import { KNOWN, useEditor } from '../support/shared-editor';

const PALETTE_TYPES = Object.keys(packageJson['node-red'].nodes).filter(
  (type) => CONTRACT[type]!.category !== 'config',
);

/** More than any of the dialogs has fields. */
const MANY = 40;

describe('by the Tab key', function () {
  this.timeout(30_000);
  const stage = useEditor();

  /**
   * Goes through the open dialog's form with the Tab key, from its first field to its end. Every field that is shown must
   * have its turn, from top to bottom and from left to right, and be seen to have it.
   */
  const walk = async (): Promise<void> => {
    const { form, page } = stage.editor;
    const fields = await form.evaluate((root: any) => {
      // The traps are the editor's own: they keep browsers from filling in passwords.
      const all = [...root.querySelectorAll('input, select, textarea, button, a[href], [tabindex="0"]')].filter(
        (field) =>
          !field.disabled && field.tabIndex >= 0 && field.getClientRects().length > 0 && !/^red-ui-trap/.test(field.id),
      );
      all.forEach((field, place) => field.setAttribute('data-place', place));
      const looks = (field: any): string => {
        // A TypedInput shows the focus by the frame around it.
        const shown = [field, field.closest('.red-ui-typedInput-container')].filter(Boolean);
        return shown
          .map((element) => {
            const { outlineStyle, outlineColor, borderColor, boxShadow, backgroundColor } = getComputedStyle(element);
            return [outlineStyle, outlineColor, borderColor, boxShadow, backgroundColor].join();
          })
          .join();
      };
      (document.activeElement as any).blur();
      const unfocused = all.map(looks);
      const visited: { place: number; top: number; left: number; isSeen: boolean }[] = [];
      root.addEventListener('focusin', ({ target }: any) => {
        const place = all.indexOf(target);
        if (place < 0) return;
        const { top, left } = target.getBoundingClientRect();
        visited.push({
          place,
          top: Number(top) + Number(root.scrollTop),
          left,
          isSeen: looks(target) !== unfocused[place],
        });
      });
      root.visited = visited;
      all[0].focus();
      return all.map((field) => (field.id || field.className || field.tagName) as string);
    });
    for (let presses = 0; presses < MANY; presses++) {
      await page.keyboard.press('Tab');
      const isThrough = await form.evaluate((root: any, last) => root.visited.at(-1).place === last, fields.length - 1);
      if (isThrough) break;
    }
    const visited = await form.evaluate(
      (root: any) => root.visited as { place: number; top: number; left: number; isSeen: boolean }[],
    );
    const name = ({ place }: { place: number }): string => fields[place]!;
    assert.deepEqual(visited.map(name), fields);
    const isAfter = (one: (typeof visited)[0], other: (typeof visited)[0]): boolean =>
      // In one line is what stands at about the same height.
      Math.abs(one.top - other.top) < 12 ? one.left > other.left : one.top > other.top;
    assert.deepEqual(visited.filter((field, turn) => turn > 0 && !isAfter(field, visited[turn - 1]!)).map(name), []);
    assert.deepEqual(visited.filter(({ isSeen }) => !isSeen).map(name), []);
  };

  for (const type of PALETTE_TYPES) {
    it(`every field of ${type} is reached in visual order, and shows the focus`, async () => {
      const { editor } = stage;
      const id = await editor.drag(type, { x: 300, y: 200 });
      await editor.openDialog(id);
      // The dialog gives the focus away when it is ready.
      await editor.dialog.locator(':focus').waitFor();
      await editor.field('connection').selectOption(KNOWN);
      await walk();
      await editor.closeDialogs();
      await editor.remove(id);
    });
  }

  it('every field of the connection is reached in visual order, and shows the focus', async () => {
    const { editor } = stage;
    const id = await editor.drag('nrfcloud-claim', { x: 300, y: 200 });
    await editor.openDialog(id);
    // A usable one, with a key: Node-RED keeps the frame of a field that isn't red, with and without the focus.
    await editor.field('connection').selectOption(KNOWN);
    await editor.openConfig('connection', 'edit');
    await editor.dialog.locator(':focus').waitFor();
    await walk();
    await editor.closeDialogs();
    await editor.remove(id);
  });
});
