import { createRequire } from 'node:module';
import type { NodeAPI } from 'node-red';
import type * as Definition from './definitions/check';
import { registerNode } from './runtime/register-node';

const load = createRequire(__filename);

export = (RED: NodeAPI): void =>
  registerNode(RED, 'nrfcloud-check', () => (load('./definitions/check') as typeof Definition).default);
