import { BulkClaims, type BulkClaimInputs, type BulkClaimSettings } from '../work/bulk-claims';
import { defineNode } from '../runtime/define-node';
import { copiedInput, fromMessage, typed } from '../runtime/inputs';
import { choice, flag, numberOrText, number, text } from '../runtime/settings';

export default defineNode<BulkClaimInputs, BulkClaimSettings, BulkClaims>({
  operation: 'bulk claim',
  inputs: {
    source: typed('payload', 'msg'),
    tags: copiedInput(typed('', 'str')),
    messageTags: copiedInput(fromMessage('tags')),
    cancel: fromMessage('cancel'),
  },
  settings: {
    input: choice<'content' | 'file'>('content', 'file'),
    tokenColumn: numberOrText(0),
    tagsColumn: numberOrText(0),
    rowsPerUpload: number(1000, { min: 1, max: 100_000, whole: true }),
    uploadsAtOnce: number(4, { min: 1, max: 1000, whole: true }),
    onInvalid: choice<'skip' | 'stop'>('skip', 'stop'),
    maxRetryRounds: number(5, { whole: true }),
    dryRun: flag(false),
    resume: flag(true),
    store: text(''),
  },
  status: { working: 'nrfcloud-bulk-claim.status.reading', done: 'nrfcloud-bulk-claim.status.uploaded' },
  requestsWaitAlone: true,
  canCancel: true,
  createState: (context, RED) => new BulkClaims(RED, context),
  run: (task) => task.state.run(task),
});
