import type { NodeAPI } from 'node-red';
import { claimDevice } from './operations/claim';
import { defineNode } from './runtime/define-node';
import { typed } from './runtime/inputs';
import { choice, flag } from './runtime/settings';

export = (RED: NodeAPI): void =>
  defineNode(RED, {
    type: 'nrfcloud-claim',
    operation: 'claim',
    inputs: { token: typed('payload', 'msg'), tags: typed('', 'str') },
    settings: { whenClaimed: choice<'ok' | 'error'>('ok', 'error'), dryRun: flag(false) },
    status: { working: 'nrfcloud-claim.status.claiming', done: 'nrfcloud-claim.status.claimed' },
    mayQueue: true,
    run: async (task) => {
      const { token, tags } = task.inputs;
      const { whenClaimed, dryRun } = task.settings;
      const { payload, statusCode, alreadyClaimed } = await claimDevice(
        task.api,
        { token, tags, whenClaimed, dryRun },
        task.source,
        (deviceId) => task.set('deviceId', deviceId),
      );
      return { payload, statusCode, properties: { alreadyClaimed: alreadyClaimed || undefined } };
    },
  });
