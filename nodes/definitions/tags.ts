import { chooseOperation, isOperation } from '../operations/operation-table';
import { runTagOperation, TAG_OPERATIONS, type TagOperation } from '../operations/tags';
import { defineNode } from '../runtime/define-node';
import { fromMessage, typed } from '../runtime/inputs';
import { choice } from '../runtime/settings';
import type { StatusTexts } from '../runtime/status';

/** The status texts of an operation; general ones if the message says which, until it has. */
const statusOf = (operation: unknown): StatusTexts => {
  const word = operation === 'msg' || isOperation(TAG_OPERATIONS, operation) ? operation : 'list';
  return { working: `nrfcloud-tags.working.${word}`, done: `nrfcloud-tags.done.${word}` };
};

/** Whether the dialog says `list`, which has no input. */
const isList = (operation: unknown): boolean => operation === 'list' || operation === undefined || operation === '';

export default defineNode({
  operation: ({ operation }) => (isOperation(TAG_OPERATIONS, operation) ? TAG_OPERATIONS[operation].name : 'list tags'),
  inputs: { input: typed('payload', 'msg'), operation: fromMessage('operation') },
  usesInput: (name, { operation }) => name === 'operation' || !isList(operation),
  settings: {
    operation: choice<TagOperation | 'msg'>('list', 'create', 'ensure', 'get', 'update', 'delete', 'device', 'msg'),
  },
  status: ({ operation }) => statusOf(operation),
  run: (task) => {
    const { inputs, settings, api, source } = task;
    const operation = chooseOperation(TAG_OPERATIONS, settings.operation, inputs.operation, 'list tags');
    task.describe(statusOf(operation));
    return runTagOperation(api, { operation, input: inputs.input }, source.input);
  },
});
