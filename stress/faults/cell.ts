import type { ApiVersion } from '../../nodes/api/endpoints';
import type { Message } from '../../test/support/node-rig';
import type { Script } from './fault-server';
import type { Fault } from './fault-table';
import type { Operation, Persistence, Prepared } from './operation';
import type { Outcome } from './outcome-exceptions';

/** One cell of the matrix. */
export interface Cell {
  id: string;
  operation: Operation;
  version: ApiVersion;
  fault: Fault;
  when: Persistence;
  expected: Outcome;
}

/** How one cell went. */
export interface CellRun {
  cell: Cell;
  script: Script;
  prepared: Prepared;
  original: unknown;
  outputs: Message[][];
  caught: Message[];
  completed: Message[];
  /** Every send and every ending in order, as Node-RED's own hooks saw them. */
  steps: ('sent' | 'ended')[];
  status: Message | undefined;
  settle: () => void;
}

/** Retries of the connections. */
export const RETRIES: Record<Persistence, number> = { once: 2, lasting: 1 };
