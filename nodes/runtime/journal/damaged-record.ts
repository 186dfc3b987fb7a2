import { isObject } from '../../util/json';
import type { RecordState } from './record-store';

/** The types that a field of recorded work may have. */
type FieldTypes = Readonly<
  Record<string, readonly ('string' | 'number' | 'boolean' | 'object' | 'null' | 'undefined')[]>
>;

/** A record whose work can never be continued, as what it says makes no sense. It is not thrown for a store that fails. */
export class DamagedRecord extends Error {}

/**
 * The work of a record, whose fields are checked.
 * @throws {DamagedRecord} if there is none, or a field has another type
 */
export function recordedWork(record: RecordState, fields: FieldTypes): Record<string, unknown> {
  const { work } = record;
  if (!isObject(work)) throw new DamagedRecord('it holds no work');
  for (const [name, types] of Object.entries(fields)) {
    const value = work[name];
    const type = value === null ? 'null' : typeof value;
    if (!(types as readonly string[]).includes(type)) throw new DamagedRecord(`its ${name} cannot be read`);
  }
  return work;
}

/** Whether a record was set aside: it is kept, and not taken up again. */
export function isSetAside(state: RecordState): boolean {
  return typeof state['setAside'] === 'string';
}

/** The state of a record that is set aside. */
export function asSetAside(state: RecordState): RecordState {
  return { ...state, setAside: new Date().toISOString() };
}
