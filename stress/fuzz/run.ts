import fc from 'fast-check';
import type { AnyProperty } from './property';

/** The result of a run of one property. */
export interface RunResult {
  name: string;
  cases: number;
  seconds: number;
  longestMs: number;
}

/** A case that was too slow is tried again so often: code that is compiled or memory that is collected may come in between. */
const TRIES = 4;

/**
 * Runs a property.
 * @throws with the seed, the path and the smallest failing case, when it does not hold or a case takes too long
 */
export async function runProperty(one: AnyProperty, seed: number, cases: number): Promise<RunResult> {
  let longestMs = 0;
  const timed = async (value: unknown): Promise<void> => {
    let fastest = Infinity;
    for (let tries = 0; tries < TRIES && fastest > one.limitMs; tries++) {
      // Not by the clock: on a busy machine a process waits for a CPU.
      const start = process.cpuUsage();
      const checked = one.check(value);
      if (checked !== undefined) await checked;
      const { user, system } = process.cpuUsage(start);
      fastest = Math.min(fastest, (user + system) / 1000);
    }
    longestMs = Math.max(longestMs, fastest);
    if (fastest > one.limitMs)
      throw new Error(`a case took ${Math.ceil(fastest)} ms of CPU, of at most ${one.limitMs}`);
  };
  const numRuns = Math.max(1, Math.ceil(cases / (one.casesPerValue ?? 1)));
  const start = performance.now();
  await one.setUp?.();
  try {
    await fc.assert(fc.asyncProperty(one.arbitrary, timed), {
      seed,
      numRuns,
      endOnFailure: one.casesPerValue !== undefined,
    });
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? `${cause.message}\n` : '';
    throw new Error(`${one.name} (FUZZ_SEED=${seed}): ${why}${message}`, { cause: error });
  } finally {
    await one.tearDown?.();
  }
  const seconds = (performance.now() - start) / 1000;
  return { name: one.name, cases: numRuns * (one.casesPerValue ?? 1), seconds, longestMs };
}

/** How many cases each property gets of a number for all. */
export function shareOut(properties: readonly AnyProperty[], cases: number): number[] {
  const sum = properties.reduce((total, { weight }) => total + weight, 0);
  return properties.map(({ weight }) => Math.ceil((cases * weight) / sum));
}

/** `FUZZ_SEED` and `FUZZ_CASES`, or what stands for them. */
export function settings(cases: number): { seed: number; cases: number } {
  return {
    seed: Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 0x7fffffff)),
    cases: Number(process.env['FUZZ_CASES'] ?? cases),
  };
}
