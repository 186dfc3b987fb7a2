import type { NodeAPI } from 'node-red';
import {
  BulkStatusTracker,
  resultOfUpload,
  readBulkStatusRequest,
  type PendingOperation,
  type BulkStatusTask,
} from './operations/bulk-status';
import { Poller } from './operations/poller';
import { defineNode } from './runtime/define-node';
import { fromMessage, typed } from './runtime/inputs';
import type { NodeContext, Task } from './runtime/node-definition';
import { flag, number, text } from './runtime/settings';
import { serveStores } from './runtime/context-store';
import { bulkStatus } from './api/bulk';

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
    createState: takeUpPending,
    run: async (task) => {
      const { inputs, settings, source, state } = task;
      const request = readBulkStatusRequest(inputs.operation, inputs.cancel, source.operation);
      if (request.kind === 'result') return resultOfUpload(request.result, inputs.rows);
      if (request.kind === 'watch') {
        return state.begin(request.id, settings, () => task.snapshot(), inputs.rows, watching(task));
      }
      state.cancel(request.id);
      return undefined;
    },
  });
};

/** Makes the watch of a deployed node, and goes on with what was pending when it stopped. */
function takeUpPending(home: NodeContext<Settings, BulkStatusTracker>): BulkStatusTracker {
  const watch = new Poller((id, signal) => home.request(signal, (api) => bulkStatus(api, id)));
  const { resume, store } = home.settings();
  if (!resume) return new BulkStatusTracker(watch, undefined);
  const vault = home.openStore(store, "pending bulk operations are lost when Node-RED restarts; see the node's help");
  const watcher = new BulkStatusTracker(watch, vault);
  home.onStarted(async () => {
    for (const [key, value] of await vault.load()) {
      const record = value as PendingOperation;
      home.resume({ ...record.msg, resumed: true }, (task) =>
        watcher.resume(key, record, task.settings, record.msg['rows'], watching(task)),
      );
    }
  });
  return watcher;
}

function watching(task: Task<never, Settings, BulkStatusTracker>): BulkStatusTask {
  return {
    api: task.api,
    signal: task.signal,
    afterwards: (work) => task.afterEnd(work),
    listener: {
      onProgress: (outcome) => void task.emit(outcome),
      onTrouble: (trouble) => task.waiting(trouble),
    },
  };
}
