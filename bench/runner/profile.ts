import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What of a V8 CPU profile is read here. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  /** Microseconds before each sample. */
  timeDeltas: number[];
}

/** A part of the code by the address of its files; the first that fits counts. */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/\/undici\/|^wasm:/, 'undici'],
  [/\/csv-parse\//, 'csv-parse'],
  [/\/bench\//, 'the bench itself'],
  [/\/(@node-red|node-red)\//, 'Node-RED'],
  [/\/node_modules\/(?!node-red-contrib-nrfcloud-provisioning\/)/, 'other modules'],
  [/\/dist\//, 'this package'],
  [/^node:/, 'Node.js'],
];
/** Largest single functions that are told. */
const TOLD = 8;

/**
 * Sums up the CPU profile of a folder that has the most work in it: the share of each part of the code in the busy time,
 * and the largest functions of this package.
 * @returns lines of text; none if there is no profile
 */
export function profileSummary(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const profiles = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile,
  );
  const [largest] = profiles.map(selfTimes).sort((one, other) => busyOf(other) - busyOf(one));
  if (largest === undefined) return [];
  const busy = busyOf(largest);
  const share = (ms: number): string => `${((100 * ms) / busy).toFixed(1)} %`;
  const parts = new Map<string, number>();
  for (const { part, ms } of largest) parts.set(part, (parts.get(part) ?? 0) + ms);
  const own = largest.filter(({ part }) => part === 'this package').sort((one, other) => other.ms - one.ms);
  return [
    `where ${busy.toFixed(0)} ms of CPU time went: ${[...parts]
      .sort(([, one], [, other]) => other - one)
      .map(([part, ms]) => `${part} ${share(ms)}`)
      .join(', ')}`,
    `of that the largest functions of this package: ${own
      .slice(0, TOLD)
      .map(({ name, ms }) => `${name} ${share(ms)}`)
      .join(', ')}`,
  ];
}

interface SelfTime {
  name: string;
  part: string;
  ms: number;
}

/** The busy time of each function itself, without what it calls. */
function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTime[] {
  const functions = new Map(nodes.map(({ id, callFrame }) => [id, describe(callFrame)]));
  const times = new Map<string, SelfTime>();
  for (const [index, id] of samples.entries()) {
    const { name, part } = functions.get(id)!;
    if (name === '(idle)') continue;
    const time = times.get(`${part} ${name}`) ?? { name, part, ms: 0 };
    time.ms += (timeDeltas[index + 1] ?? 0) / 1000;
    times.set(`${part} ${name}`, time);
  }
  return [...times.values()];
}

function describe({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): { name: string; part: string } {
  const file = url.slice(url.lastIndexOf('/') + 1);
  const name = file === '' ? functionName : `${functionName || 'a function'} of ${file}`;
  const part = PARTS.find(([address]) => address.test(url))?.[1];
  if (part !== undefined) return { name, part };
  if (functionName === '(garbage collector)') return { name, part: 'the garbage collector' };
  // What has no file is the engine's and the system's: calls into the kernel above all.
  return { name, part: file === '' ? 'engine and system' : 'other modules' };
}

function busyOf(times: SelfTime[]): number {
  return times.reduce((sum, { ms }) => sum + ms, 0);
}
