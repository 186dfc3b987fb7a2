import { rootCertificates } from 'node:tls';

/** A node as it is deployed; it has a connection of its own, so that its requests can be told from the others'. */
export interface Subject {
  type: string;
  config: Record<string, unknown>;
  /** It requests something also for a message without a usable payload. */
  needsNoPayload?: boolean;
}

/** Some device, of a node whose payload is something else. */
const DEVICE = '50363154-3931-44f0-8022-121b6401627d';
const OFTEN = { interval: 0.001, maxInterval: 0.001 };
const fromPayload = (field: string): Record<string, string> => ({ [field]: 'payload', [`${field}Type`]: 'msg' });

/** Every node, and every way in which a message gets into one. */
export const SUBJECTS: readonly Subject[] = [
  { type: 'nrfcloud-claim', config: { tags: 'tags', tagsType: 'msg' } },
  { type: 'nrfcloud-claim', config: { token: 'payload', tokenType: 'jsonata', output: 'payload.result' } },
  ...['get', 'block', 'unblock', 'unclaim', 'msg'].map((operation) => ({
    type: 'nrfcloud-device',
    config: { operation, allowUnclaim: true },
  })),
  ...['list', 'create', 'ensure', 'get', 'update', 'delete', 'device', 'msg'].map((operation) => ({
    type: 'nrfcloud-tags',
    config: { operation },
    needsNoPayload: true,
  })),
  ...['array', 'each', 'page'].map((mode) => ({
    type: 'nrfcloud-devices',
    config: { mode, query: 'query', queryType: 'msg', tag: 'tag', tagType: 'msg' },
    needsNoPayload: true,
  })),
  ...['skip', 'stop'].map((onInvalid) => ({
    type: 'nrfcloud-bulk-claim',
    config: { onInvalid, tags: 'tags', tagsType: 'msg', rowsPerUpload: 2 },
  })),
  { type: 'nrfcloud-bulk-claim', config: { input: 'file' } },
  ...[true, false].map((resume) => ({ type: 'nrfcloud-bulk-status', config: { resume, interval: 0.001 } })),
  ...['x.y', 'payload.x', '__proto__.polluted', 'constructor.prototype.polluted', 'tags[0]'].map((output) => ({
    type: 'nrfcloud-device',
    config: { output },
  })),
  {
    type: 'nrfcloud-check',
    config: { tags: 'tags', tagsType: 'msg', token: 'payload', tokenType: 'msg' },
    needsNoPayload: true,
  },
  { type: 'nrfcloud-check', config: { tags: 'payload', tagsType: 'msg' }, needsNoPayload: true },
  { type: 'nrfcloud-rules', config: { operation: 'list' }, needsNoPayload: true },
  { type: 'nrfcloud-rules', config: { operation: 'msg' }, needsNoPayload: true },
  { type: 'nrfcloud-rules', config: { operation: 'find', tag: 'payload', tagType: 'msg' } },
  ...['tag', 'ruleName', 'content'].map((field) => ({
    type: 'nrfcloud-rules',
    config: { operation: 'ensure', certificates: 'own', content: rootCertificates[0], ...fromPayload(field) },
  })),
  ...[true, false].map((wait) => ({ type: 'nrfcloud-command', config: { wait, ...OFTEN } })),
  {
    type: 'nrfcloud-command',
    config: { command: 'msg', device: DEVICE, deviceType: 'str', wait: false },
    needsNoPayload: true,
  },
  ...(
    [
      ['cloudAccessKeyGeneration', 'secTag'],
      ['certificateSigningRequest', 'attributes'],
      ['certificateSigningRequest', 'keyUsage'],
      ['serverCertificate', 'content'],
      ['clientCertificate', 'content'],
      ['request', 'requestInput'],
    ] as const
  ).map(([command, field]) => ({
    type: 'nrfcloud-command',
    config: { command, attributes: 'CN=x', device: DEVICE, deviceType: 'str', ...OFTEN, ...fromPayload(field) },
    // A number is a security tag.
    needsNoPayload: field === 'secTag',
  })),
  ...[true, false].map((resume) => ({
    type: 'nrfcloud-onboarding',
    config: { resume, pollRate: 1000, ...OFTEN, timeout: 2 },
  })),
];
