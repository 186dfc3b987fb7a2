import type { Cell } from './cell';
import { FAULTS } from './fault-table';
import { OPERATIONS } from './operation-table';
import { outcomeOf } from './outcome-table';

/** The whole matrix: every operation of every node in both versions × every fault, once and lasting. */
export function allCells(): Cell[] {
  const cells: Cell[] = [];
  for (const operation of OPERATIONS) {
    for (const version of operation.versions) {
      for (const fault of FAULTS) {
        for (const when of ['once', 'lasting'] as const) {
          // What lies on the way doesn't heal after one request, and of a service that does nothing right no request is right.
          if (when === 'once' && (fault.place !== undefined || operation.everything === true)) continue;
          // Never repeated, so once is all there is.
          if (when === 'lasting' && fault.heavy === true && operation.everything !== true && operation.polls !== true)
            continue;
          const expected = outcomeOf(operation, version, fault, when);
          cells.push({ id: `c${cells.length}`, operation, version, fault, when, expected });
        }
      }
    }
  }
  return cells;
}

/** A cell in words. */
export function nameOf({ operation, version, fault, when }: Cell): string {
  return `${operation.name} [${version}] × ${fault.name}, ${when}`;
}
