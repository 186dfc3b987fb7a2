import { readBulkStatusRequest } from '../operations/bulk-status';
import { endCancelled } from '../runtime/cancelled';
import { defineNode } from '../runtime/define-node';
import { copiedInput, fromMessage, typed } from '../runtime/inputs';
import { choice, flag, number, text } from '../runtime/settings';
import { BulkStatusTracker, type BulkStatusSettings } from '../work/bulk-status-tracker';

export default defineNode<'operation' | 'rows' | 'cancel', BulkStatusSettings, BulkStatusTracker>({
  operation: 'bulk status',
  inputs: { operation: typed('payload', 'msg'), rows: copiedInput(fromMessage('rows')), cancel: fromMessage('cancel') },
  settings: {
    interval: number(2, { min: 0.001, max: 2_147_483 }),
    maxInterval: number(30, { min: 0.001, max: 2_147_483 }),
    timeout: number(3600),
    whenClaimed: choice<'ok' | 'error'>('ok', 'error'),
    resume: flag(true),
    store: text(''),
  },
  status: { working: 'nrfcloud-bulk-status.status.watching', done: 'nrfcloud-bulk-status.status.ended' },
  mayQueue: true,
  canCancel: true,
  createState: (context) => new BulkStatusTracker(context),
  run: async (task) => {
    const { inputs, source, state } = task;
    const request = readBulkStatusRequest(inputs.operation, inputs.cancel, source.operation);
    // The flow may change its own array while the operation is watched. The message alone holds the copy: it lets go of the
    // rows as soon as it waits for the disk, as a thousand others may do.
    if (Array.isArray(inputs.rows)) task.set('rows', inputs.rows);
    inputs.rows = undefined;
    if (request.kind === 'watch') return state.begin(request.id, task);
    if (request.kind === 'result') return state.conclude(request.result, task);
    await state.cancel(request.id);
    return endCancelled(task);
  },
});
