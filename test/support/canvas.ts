import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FlowNode } from './node-red-process';

const LOCALE = resolve(__dirname, '../../locales/en-US');

/** Advance widths of Arial and Helvetica from the space to the tilde, in thousandths of the font size. */
const CHARACTER_WIDTHS = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
];
const FIRST_CHARACTER = 32;
/** Arrows, ellipses and what else labels hold. */
const OTHER_CHARACTER_WIDTH = 1000;
const FONT_SIZE = 14;
const BUTTON_WIDTH = 20;
const PORT_DISTANCE = 13;
const CURVE_SCALE = 0.75;
const WITHOUT_INPUT = ['inject', 'comment', 'catch', 'status', 'complete', 'mqtt in', 'http in', 'tcp in'];

/** A rectangle on the canvas, in pixels. */
export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Labels of nodes without a name, by type; our own are in the catalogs. */
const LABELS: Record<string, (node: FlowNode) => string> = {
  'mqtt in': ({ topic }) => String(topic),
  'mqtt out': ({ topic }) => String(topic || 'mqtt'),
  'http in': ({ method, url }) => `[${String(method)}] ${String(url)}`,
  'http response': ({ statusCode }) => (statusCode ? `http (${String(statusCode)})` : 'http'),
  catch: ({ scope }) => `catch: ${Array.isArray(scope) ? scope.length : 'all'}`,
  'nrfcloud-claim': (node) => withText('claim', ' → ', node, 'tags'),
  'nrfcloud-bulk-claim': (node) => withText(ownLabel(node), ' → ', node, 'tags'),
  'nrfcloud-bulk-status': (node) => ownLabel(node),
  'nrfcloud-device': (node) => withText(ownLabel(node, 'operation'), ': ', node, 'device'),
  'nrfcloud-devices': (node) => withText(ownLabel(node, 'mode'), ': ', node, 'tag'),
  'nrfcloud-tags': (node) => withText(ownLabel(node, 'operation'), ': ', node, 'input'),
};

/** The label that a node has on the canvas, in English. */
export function labelOf(node: FlowNode): string {
  return String(node['name'] || (LABELS[node.type]?.(node) ?? node.type));
}

/** @param property the property that chooses the label; without it, the label of the palette */
function ownLabel(node: FlowNode, property?: string): string {
  const catalog = JSON.parse(readFileSync(join(LOCALE, `${node.type}.json`), 'utf8')) as Record<string, any>;
  const { paletteLabel, nodeLabel } = catalog[node.type];
  return String(property === undefined ? paletteLabel : nodeLabel[node[property] as string]);
}

function withText(label: string, separator: string, node: FlowNode, property: string): string {
  return node[`${property}Type`] === 'str' && node[property] ? label + separator + String(node[property]) : label;
}

/** The width of a node's own rectangle, by the editor's rule. */
function widthOf(node: FlowNode): number {
  if (node.type.startsWith('link ')) return 30;
  const characters = Array.from(labelOf(node), (character) => character.charCodeAt(0));
  const widths = characters.map((code) => CHARACTER_WIDTHS[code - FIRST_CHARACTER] ?? OTHER_CHARACTER_WIDTH);
  const text = (widths.reduce((sum, width) => sum + width, 0) * FONT_SIZE) / 1000;
  const port = WITHOUT_INPUT.includes(node.type) ? 0 : 7;
  return Math.max(100, 20 * Math.ceil((Math.ceil(text) + 50 + port) / 20));
}

/** Where a node's own rectangle is drawn, by the editor's rule. Wires begin and end at its sides. */
export function boxOf(node: FlowNode): Box {
  const [x, y] = [Number(node['x']), Number(node['y'])];
  if (node.type === 'group') return { left: x, right: x + Number(node['w']), top: y, bottom: y + Number(node['h']) };
  const [width, height] = [widthOf(node), Math.max(30, ((node['wires'] as unknown[] | undefined)?.length ?? 0) * 15)];
  return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
}

/** Where a node is drawn, with its button. */
export function boxWithButtonOf(node: FlowNode): Box {
  const box = boxOf(node);
  if (node.type === 'inject') return { ...box, left: box.left - BUTTON_WIDTH };
  if (node.type === 'debug') return { ...box, right: box.right + BUTTON_WIDTH };
  return box;
}

/** Points of a wire from an output, by the editor's rule for its curve. */
export function pointsOf(node: FlowNode, output: number, target: FlowNode): { x: number; y: number }[] {
  const outputs = (node['wires'] as unknown[]).length;
  const [x1, y1] = [boxOf(node).right, Number(node['y']) + (output - (outputs - 1) / 2) * PORT_DISTANCE];
  const [x2, y2] = [boxOf(target).left, Number(target['y'])];
  const reach = CURVE_SCALE * Math.min(100, Math.hypot(x2 - x1, y2 - y1));
  const bezier = (s: number, from: number, near: number, far: number, to: number): number =>
    (1 - s) ** 3 * from + 3 * (1 - s) ** 2 * s * near + 3 * (1 - s) * s ** 2 * far + s ** 3 * to;
  return Array.from({ length: 101 }, (_, index) => ({
    x: bezier(index / 100, x1, x1 + reach, x2 - reach, x2),
    y: bezier(index / 100, y1, y1, y2, y2),
  }));
}
