import type { NodeAPI } from 'node-red';
import {
  BulkWatcher,
  outcomeOfResult,
  readWatchRequest,
  type WatchRecord,
  type WatchTask,
} from './provisioning/bulk-status';
import { Watch } from './provisioning/watch';
import { defineNode } from './runtime/define-node';
import { fromMessage, typed } from './runtime/inputs';
import type { Home, Task } from './runtime/node-spec';
import { flag, number, text } from './runtime/settings';
import { serveStores } from './runtime/vault';
import { bulkStatus } from './service/bulk';

interface Settings {
  interval: number;
  maxInterval: number;
  timeout: number;
  resume: boolean;
  store: string;
}

export = (RED: NodeAPI): void => {
  serveStores(RED);
  defineNode(RED, {
    type: 'nrfcloud-bulk-status',
    operation: 'bulk status',
    inputs: { operation: typed('payload', 'msg'), rows: fromMessage('rows'), cancel: fromMessage('cancel') },
    settings: {
      interval: number(2, { min: 0.001, max: 2_147_483 }),
      maxInterval: number(30, { min: 0.001, max: 2_147_483 }),
      timeout: number(3600),
      resume: flag(true),
      store: text(''),
    },
    status: { working: 'nrfcloud-bulk-status.status.watching', done: 'nrfcloud-bulk-status.status.ended' },
    always: (msg) => 'cancel' in msg && msg.cancel === true,
    share: takeUpPending,
    run: async (task) => {
      const { inputs, settings, where, shared } = task;
      const request = readWatchRequest(inputs.operation, inputs.cancel, where.operation);
      if (request.kind === 'result') return outcomeOfResult(request.result, inputs.rows);
      if (request.kind === 'watch') {
        return shared.begin(request.id, settings, () => task.snapshot(), inputs.rows, watching(task));
      }
      shared.cancel(request.id);
      return undefined;
    },
  });
};

/** Makes the watch of a deployed node, and goes on with what was pending when it stopped. */
function takeUpPending(home: Home<Settings, BulkWatcher>): BulkWatcher {
  const watch = new Watch((id, signal) => home.ask(signal, (session) => bulkStatus(session, id)));
  const { resume, store } = home.settings();
  if (!resume) return new BulkWatcher(watch, undefined);
  const vault = home.vault(store, "pending bulk operations are lost when Node-RED restarts; see the node's help");
  const watcher = new BulkWatcher(watch, vault);
  home.onStarted(async () => {
    for (const [key, value] of await vault.load()) {
      const record = value as WatchRecord;
      home.revive({ ...record.msg, resumed: true }, (task) =>
        watcher.resume(key, record, task.settings, record.msg['rows'], watching(task)),
      );
    }
  });
  return watcher;
}

function watching(task: Task<never, Settings, BulkWatcher>): WatchTask {
  return {
    session: task.session,
    signal: task.signal,
    afterwards: (work) => task.afterwards(work),
    listener: {
      onProgress: (outcome) => void task.emit(outcome),
      onTrouble: (trouble) => task.waiting(trouble),
    },
  };
}
