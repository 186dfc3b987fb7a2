import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readTabs } from '../../demo/tabs';
import { boxOf, boxWithButtonOf, labelOf, pointsOf, type Box } from '../support/canvas';
import type { FlowNode } from '../support/node-red-process';

const ROOT = resolve(__dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** The example that the README's first flow imports. */
const FIRST = /^## First flow\n[\s\S]*?Double-click \*\*(.+?)\*\*/m.exec(README)![1]!;
/** What a screen of 1366 px shows between both sidebars, and what a wide screen shows. */
const MAX_RIGHT_OF_FIRST = 700;
const MAX_RIGHT = 1200;
/** Space that a group leaves around its nodes. */
const MIN_MARGIN = 10;
const MAX_MARGIN = 50;
/** A label can be 20 px wider in another font; a node grows to both sides. */
const TOLERANCE = 10;

/** Tabs by name: all examples, and those of the demo, which change two examples. */
const TABS = new Map<string, FlowNode[]>();
for (const file of readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.json')) continue;
  TABS.set(
    file.slice(0, -'.json'.length),
    JSON.parse(readFileSync(join(ROOT, 'examples', file), 'utf8')) as FlowNode[],
  );
}
const demo = readTabs();
for (const { id, label } of demo.filter(({ type }) => type === 'tab')) {
  TABS.set(
    `demo: ${String(label)}`,
    demo.filter((node) => node.id === id || node['z'] === id),
  );
}

const nameOf = (node: FlowNode): string => `${labelOf(node)} (${node.id})`;
const byId = (nodes: FlowNode[]): Map<string, FlowNode> => new Map(nodes.map((node) => [node.id, node]));
const areApart = (one: Box, other: Box, above = 0): boolean =>
  one.right <= other.left ||
  other.right <= one.left ||
  one.bottom + above <= other.top ||
  other.bottom + above <= one.top;

describe('the canvas of', () => {
  for (const [name, all] of TABS) {
    describe(name, () => {
      const onCanvas = all.filter(({ x }) => x !== undefined);
      const groups = onCanvas.filter(({ type }) => type === 'group');
      const nodes = onCanvas.filter(({ type }) => type !== 'group');
      const known = byId(all);

      it('has named groups, which list and frame all nodes', () => {
        for (const node of nodes) assert.equal(known.get(String(node['g']))?.type, 'group', nameOf(node));
        for (const group of groups) {
          const members = nodes.filter(({ g }) => g === group.id);
          assert.ok(group['name'], group.id);
          assert.deepEqual([...(group['nodes'] as string[])].sort(), members.map(({ id }) => id).sort());
          const frame = boxOf(group);
          const boxes = members.map(boxWithButtonOf);
          const margins = [
            Math.min(...boxes.map(({ left }) => left)) - frame.left,
            Math.min(...boxes.map(({ top }) => top)) - frame.top,
            frame.right - Math.max(...boxes.map(({ right }) => right)),
            frame.bottom - Math.max(...boxes.map(({ bottom }) => bottom)),
          ];
          const fits = margins.every((margin) => margin >= MIN_MARGIN && margin <= MAX_MARGIN);
          assert.ok(fits, `${String(group['name'])}: ${margins.join(', ')}`);
        }
      });

      it('has neither nodes, comments nor groups that overlap', () => {
        for (const [kind, above] of [
          [nodes, 5],
          [groups, 0],
        ] as const) {
          for (const [index, one] of kind.entries()) {
            for (const other of kind.slice(index + 1)) {
              const apart = areApart(boxWithButtonOf(one), boxWithButtonOf(other), above);
              assert.ok(apart, `${nameOf(one)} overlaps ${nameOf(other)}`);
            }
          }
        }
      });

      it('has its comments at the left edge of their groups, above all other nodes', () => {
        for (const comment of nodes.filter(({ type }) => type === 'comment')) {
          const others = nodes.filter(({ g, type }) => g === comment['g'] && type !== 'comment').map(boxWithButtonOf);
          const { left, bottom } = boxOf(comment);
          const edge = Math.min(...others.map((box) => box.left));
          assert.ok(Math.abs(left - edge) <= TOLERANCE, `${nameOf(comment)} begins at ${left}, the nodes at ${edge}`);
          assert.ok(
            others.every(({ top }) => top >= bottom),
            nameOf(comment),
          );
        }
      });

      it('has no wire that runs backwards', () => {
        for (const node of nodes) {
          for (const target of ((node['wires'] as string[][] | undefined) ?? []).flat().map((id) => known.get(id)!)) {
            const forwards = boxOf(node).right < boxOf(target).left;
            assert.ok(forwards, `${nameOf(node)} → ${nameOf(target)}`);
          }
        }
      });

      it('has no wire behind a node', () => {
        const wires = nodes.flatMap((node) =>
          ((node['wires'] as string[][] | undefined) ?? []).flatMap((ids, output) =>
            ids.map((id) => ({ node, output, target: known.get(id)! })),
          ),
        );
        for (const { node, output, target } of wires) {
          const points = pointsOf(node, output, target);
          for (const other of nodes.filter((one) => one !== node && one !== target)) {
            const { left, right, top, bottom } = boxOf(other);
            const isHidden = points.some(({ x, y }) => x > left && x < right && y > top && y < bottom);
            assert.ok(!isHidden, `${nameOf(node)} → ${nameOf(target)} behind ${nameOf(other)}`);
          }
        }
      });

      it('fits the screen', () => {
        const max = name.endsWith(FIRST) ? MAX_RIGHT_OF_FIRST : MAX_RIGHT;
        for (const one of onCanvas) {
          const { left, right, top } = boxWithButtonOf(one);
          assert.ok(left >= 10 && top >= 10 && right <= max, `${nameOf(one)} ends at ${right}`);
        }
      });

      it('has debug nodes that show one sentence for an error', () => {
        const debugs = nodes.filter(({ type, targetType }) => type === 'debug' && targetType !== 'jsonata');
        for (const debug of debugs) assert.ok(!['error', 'true'].includes(String(debug['complete'])), nameOf(debug));
        for (const { wires } of nodes.filter(({ type }) => type === 'catch')) {
          for (const target of (wires as string[][]).flat().map((id) => known.get(id)!)) {
            if (target.type === 'debug') assert.equal(target['complete'], 'error.message', nameOf(target));
          }
        }
      });
    });
  }
});
