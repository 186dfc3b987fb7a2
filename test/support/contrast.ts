import type { Locator } from 'playwright-core';

/** What WCAG asks for text (level AA). */
const LEAST = 4.5;

/**
 * The texts below an element that are hard to read: each with its contrast to what is drawn behind it, if that is below
 * 4.5:1. Placeholders and what is disabled are left out, and links: their colour is Node-RED's own, 4.49:1 in its dark
 * theme.
 */
export function unreadable(locator: Locator): Promise<string[]> {
  return locator.evaluate((root: any, least) => {
    const { document } = root.ownerDocument.defaultView;
    const style = (element: any): any => document.defaultView.getComputedStyle(element);
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    // The browser's own reading of a colour, in any notation: red, green, blue of 0 to 255 and opacity of 0 to 1.
    const read = (colour: string): number[] => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    };
    const over = (front: number[], back: number[]): number[] =>
      [0, 1, 2].map((part) => front[part]! * front[3]! + back[part]! * (1 - front[3]!)).concat(1);
    const isDrawn = (element: any): boolean => element.namespaceURI.endsWith('/svg');
    const behind = (element: any): number[] => {
      if (element === null) return [255, 255, 255, 1];
      // What a node on the canvas says stands on its rectangle.
      const rectangle =
        isDrawn(element) && element.closest('.red-ui-flow-node-group')?.querySelector('.red-ui-flow-node');
      const own = read(rectangle ? style(rectangle).fill : style(element).backgroundColor);
      return own[3] === 1 ? own : over(own, behind(element.parentElement));
    };
    const luminance = (colour: number[]): number => {
      const [red, green, blue] = colour.map((part) => {
        const share = part / 255;
        return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
    };
    const found: string[] = [];
    for (const element of [root, ...root.querySelectorAll('*')]) {
      const own = [...element.childNodes].filter((node: any) => node.nodeType === 3);
      const text = (own.map((node: any) => node.textContent).join('') || element.value || '').trim();
      if (text === '' || element.getClientRects().length === 0 || element.disabled) continue;
      if (['SCRIPT', 'STYLE', 'OPTION', 'A'].includes(element.tagName) || style(element).visibility === 'hidden')
        continue;
      const back = behind(element);
      const [one, other] = [
        luminance(over(read(isDrawn(element) ? style(element).fill : style(element).color), back)),
        luminance(back),
      ];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (ratio < least) found.push(`${ratio.toFixed(2)}: ${text.slice(0, 60)}`);
    }
    return found;
  }, LEAST);
}
