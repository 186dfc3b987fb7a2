import { isAbsolute, resolve } from 'node:path';
import type { NodeAPI } from 'node-red';
import { bulkClaim, type BulkClaimParams, type BulkSummary } from './operations/bulk-claim';
import { defineNode } from './runtime/define-node';
import { typed } from './runtime/inputs';
import { choice, number } from './runtime/settings';
import { invalidInput } from './api/errors';

export = (RED: NodeAPI): void =>
  defineNode(RED, {
    type: 'nrfcloud-bulk-claim',
    operation: 'bulk claim',
    inputs: { source: typed('payload', 'msg'), tags: typed('', 'str') },
    settings: {
      input: choice<'content' | 'file'>('content', 'file'),
      tokenColumn: number(0, { whole: true }),
      tagsColumn: number(0, { whole: true }),
      rowsPerUpload: number(1000, { min: 1, max: 100_000, whole: true }),
      onInvalid: choice<'skip' | 'stop'>('skip', 'stop'),
    },
    status: { working: 'nrfcloud-bulk-claim.status.reading', done: 'nrfcloud-bulk-claim.status.uploaded' },
    run: async (task) => {
      const { inputs, settings, api, source: names, signal } = task;
      const { input, ...rest } = settings;
      const source =
        input === 'file' ? fileSource(RED, inputs.source, names.source) : valueSource(inputs.source, names.source);
      const outputs = {
        onUpload: ({ payload, statusCode, rows, part }) =>
          task.emit({ port: 0, payload, statusCode, properties: { rows }, part }),
        onRejected: (rows) => task.emit({ port: 1, payload: rows }),
        onProgress: (summary) => task.progress(inWords(summary)),
      } satisfies Parameters<typeof bulkClaim>[3];
      const order = { source, tags: inputs.tags, ...rest };
      const { summary, failure } = await bulkClaim(api, order, names, outputs, signal);
      if (failure === undefined) return { port: 2, payload: summary };
      // The message itself goes to Catch as it came, so the account leaves in a copy.
      await task.emit({ port: 2, payload: summary });
      throw failure;
    },
  });

function valueSource(value: unknown, where: string): BulkClaimParams['source'] {
  if (value !== undefined && value !== null) return { kind: 'value', value };
  throw invalidInput('bulk claim', `${where} is missing; give CSV text, a Buffer of CSV, or an array of claim tokens`);
}

/** A file's path, relative to where core's file nodes look. */
function fileSource(RED: NodeAPI, value: unknown, where: string): BulkClaimParams['source'] {
  if (typeof value !== 'string' || value.trim() === '') {
    throw invalidInput('bulk claim', `${where} is no path; give the path of a CSV file`);
  }
  const folder = (RED.settings as { fileWorkingDirectory?: string }).fileWorkingDirectory;
  return { kind: 'file', path: folder === undefined || isAbsolute(value) ? value : resolve(folder, value) };
}

function inWords({ uploads, uploaded }: Readonly<BulkSummary>): string {
  return `${uploads.toLocaleString('en-US')} uploads, ${uploaded.toLocaleString('en-US')} rows`;
}
