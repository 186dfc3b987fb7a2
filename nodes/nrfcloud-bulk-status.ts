import { createRequire } from 'node:module';
import type { NodeAPI } from 'node-red';
import type * as Definition from './definitions/bulk-status';
import { registerNode } from './runtime/register-node';

const load = createRequire(__filename);

export = (RED: NodeAPI): void =>
  registerNode(RED, 'nrfcloud-bulk-status', () => (load('./definitions/bulk-status') as typeof Definition).default);
