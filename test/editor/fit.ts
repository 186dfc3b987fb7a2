import type { Editor } from '../support/editor';

/** What does not fit in the open dialog, with every choice of every select box. */
export async function misfits(editor: Editor): Promise<string[]> {
  const found = new Set<string>(await editor.form.evaluate(measure));
  for (const select of await editor.form.locator('select:visible').all()) {
    const id = await select.getAttribute('id');
    if (id === 'node-input-connection') continue;
    const chosen = await select.inputValue();
    const values = await select
      .locator('option')
      .evaluateAll((options: any[]) => options.map(({ value }) => value as string));
    for (const value of [...values.filter((value) => value !== chosen), chosen]) {
      await select.selectOption(value);
      for (const misfit of await editor.form.evaluate(measure)) found.add(misfit);
    }
  }
  return [...found];
}

/** The words of a type's palette entry that are broken, as they are wider than its label. */
export function brokenWords(editor: Editor, type: string): Promise<string[]> {
  return editor.paletteNode(type).evaluate(measurePalette);
}

/** Runs in the page: what is wider than its place, or takes a second line. */
function measure(form: any): string[] {
  const found: string[] = [];
  const view = form.ownerDocument.defaultView;
  const right = form.querySelector('.nrfcloud-form').getBoundingClientRect().right as number;
  const isVisible = (element: any): boolean => element.getClientRects().length > 0;
  const isOneLine = (element: any): boolean =>
    element.getBoundingClientRect().height < 1.9 * parseFloat(view.getComputedStyle(element).lineHeight);
  for (const element of form.querySelectorAll('.form-row > label, .form-row > span[data-i18n]')) {
    if (!isVisible(element)) continue;
    const text = element.textContent.trim() as string;
    if (!isOneLine(element)) found.push(`more than a line: ${text}`);
    if (element.tagName === 'LABEL' && element.scrollWidth > element.clientWidth) found.push(`too wide: ${text}`);
    const icon = element.querySelector('i');
    const words = element.querySelector('span');
    if (icon && words && Math.abs(icon.getBoundingClientRect().top - words.getBoundingClientRect().top) > 8) {
      found.push(`icon alone: ${text}`);
    }
  }
  for (const element of form.querySelectorAll('.form-row > *, .form-tips')) {
    if (!isVisible(element)) continue;
    const over = Math.round((element.getBoundingClientRect().right as number) - right);
    if (over > 0) found.push(`${over} px outside of the dialog: ${(element.id || element.textContent) as string}`);
  }
  for (const box of form.querySelectorAll('.form-row > input[type="checkbox"]')) {
    const words = form.querySelector(`label.nrfcloud-inline[for="${box.id as string}"]`);
    if (!isVisible(box) || !words) continue;
    const text = form.ownerDocument.createRange();
    text.selectNodeContents(words);
    const [middle, middleOfText] = [box, text]
      .map((part) => part.getBoundingClientRect())
      .map(({ top, height }: any) => Number(top) + Number(height) / 2) as [number, number];
    // In core's dialogs it is half a pixel.
    if (isOneLine(words) && Math.abs(middle - middleOfText) > 1) {
      found.push(`${middle - middleOfText} px off its words: ${box.id as string}`);
    }
  }
  for (const row of form.querySelectorAll('.form-row')) {
    const tops = [...row.querySelectorAll(':scope > span[data-i18n], :scope > input')]
      .filter(isVisible)
      .map((element: any) => element.getBoundingClientRect())
      .map(({ top, height }: any) => Number(top) + Number(height) / 2);
    if (tops.length > 0 && Math.max(...tops) - Math.min(...tops) > 12) {
      found.push(`a field and its unit on two lines: ${(row.textContent as string).trim()}`);
    }
  }
  return found;
}

/** Runs in the page: the words of a palette entry that are wider than its label. */
function measurePalette(entry: any): string[] {
  const label = entry.querySelector('.red-ui-palette-label');
  const view = entry.ownerDocument.defaultView;
  const { font } = view.getComputedStyle(label);
  const context = entry.ownerDocument.createElement('canvas').getContext('2d');
  context.font = font;
  const width = label.getBoundingClientRect().width as number;
  const words = (label.innerText as string).split(/\s+/);
  return words.filter((word) => Number(context.measureText(word).width) > width);
}
