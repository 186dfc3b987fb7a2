import { chooseOperation, isOperation } from '../operations/operation-table';
import { RULE_OPERATIONS, type RuleCertificates, type RuleOperation } from '../operations/rules';
import { MAX_SECURITY_TAG, NRF_CLOUD_SECURITY_TAG } from '../parse/security-tag';
import { defineNode } from '../runtime/define-node';
import { fromMessage, typed, type Config } from '../runtime/inputs';
import { choice, number } from '../runtime/settings';
import type { StatusTexts } from '../runtime/status';

/** The status texts of an operation; general ones if the message says which, until it has. */
const statusOf = (operation: unknown): StatusTexts => {
  const word = operation === 'msg' || isOperation(RULE_OPERATIONS, operation) ? operation : 'list';
  return { working: `nrfcloud-rules.working.${word}`, done: `nrfcloud-rules.done.${word}` };
};

/** The inputs that each operation has a field for in the dialog. */
const FIELDS: Record<RuleOperation | 'msg', readonly string[]> = {
  list: [],
  find: ['tag'],
  ensure: ['tag', 'ruleName', 'content'],
  msg: ['operation', 'tag', 'ruleName', 'content'],
};

const usesInput = (name: string, { operation, certificates }: Config): boolean => {
  if (name === 'content' && certificates !== 'own') return false;
  const word = operation === 'msg' || isOperation(RULE_OPERATIONS, operation) ? operation : 'list';
  return FIELDS[word].includes(name);
};

export default defineNode({
  operation: ({ operation }) =>
    isOperation(RULE_OPERATIONS, operation) ? RULE_OPERATIONS[operation].name : 'list rules',
  inputs: {
    tag: typed('nrf-cloud-onboarding', 'str'),
    ruleName: typed('nRF Cloud Onboarding', 'str'),
    content: typed('', 'str'),
    operation: fromMessage('operation'),
  },
  usesInput,
  settings: {
    operation: choice<RuleOperation | 'msg'>('list', 'find', 'ensure', 'msg'),
    secTag: number(NRF_CLOUD_SECURITY_TAG, { min: 0, max: MAX_SECURITY_TAG, whole: true }),
    certificates: choice<RuleCertificates>('aws+coap', 'aws', 'own'),
  },
  status: ({ operation }) => statusOf(operation),
  run: (task) => {
    const { inputs, settings, api, source } = task;
    const operation = chooseOperation(RULE_OPERATIONS, settings.operation, inputs.operation, 'list rules');
    task.describe(statusOf(operation));
    const onWarning = (warning: string): void => task.set('warnings', [warning]);
    return RULE_OPERATIONS[operation].run(api, { ...inputs, ...settings, source, onWarning });
  },
});
