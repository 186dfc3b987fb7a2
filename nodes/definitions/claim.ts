import { claimDevice, type ClaimResult } from '../operations/claim';
import { defineNode } from '../runtime/define-node';
import { DIALOG, fromMessage, typed } from '../runtime/inputs';
import type { Result } from '../runtime/output';
import { choice, flag } from '../runtime/settings';

export default defineNode({
  operation: 'claim',
  inputs: { token: typed('payload', 'msg'), tags: typed('', 'str'), messageTags: fromMessage('tags') },
  settings: { whenClaimed: choice<'ok' | 'error'>('ok', 'error'), dryRun: flag(false) },
  status: { working: 'nrfcloud-claim.status.claiming', done: 'nrfcloud-claim.status.claimed' },
  mayQueue: true,
  run: async (task) => {
    const { inputs, source } = task;
    const { whenClaimed, dryRun } = task.settings;
    // An empty field of the dialog leaves the tags to the message.
    const fieldEmpty = inputs.tags === '' && source.tags === DIALOG;
    const tags = fieldEmpty ? inputs.messageTags : inputs.tags;
    const names = { token: source.token, tags: fieldEmpty ? source.messageTags : source.tags };
    const result = await claimDevice(
      task.api,
      { token: inputs.token, tags, tagsOptional: names.tags === 'msg.tags', whenClaimed, dryRun },
      names,
      (deviceId) => task.set('deviceId', deviceId),
    );
    const { payload, statusCode, alreadyClaimed, tagsNotApplied } = result;
    const properties = {
      alreadyClaimed: alreadyClaimed || undefined,
      tagsNotApplied: tagsNotApplied.length > 0 ? tagsNotApplied : undefined,
    };
    return { payload, statusCode, properties, ...ending(result, dryRun) };
  },
});

function ending({ alreadyClaimed, tagsNotApplied }: ClaimResult, dryRun: boolean): Pick<Result, 'ending'> {
  if (tagsNotApplied.length > 0) {
    return { ending: { level: 'partial', text: 'nrfcloud-claim.status.tagsNotApplied' } };
  }
  return dryRun && !alreadyClaimed ? { ending: { level: 'done', text: 'nrfcloud-claim.status.claimable' } } : {};
}
