import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FlowNode } from './node-red-process';

const FOLDER = resolve(__dirname, '../../docs');

/** The flows that a page of docs/ gives for importing, in order. */
export function pageFlows(page: string): FlowNode[][] {
  const text = readFileSync(resolve(FOLDER, page), 'utf8');
  return [...text.matchAll(/```json\n(\[\n[\s\S]+?\n\])\n```/g)].map(([, json]) => JSON.parse(json!) as FlowNode[]);
}
