import { createRequire } from 'node:module';
import type { NodeAPI } from 'node-red';
import type * as Definition from './definitions/tags';
import { registerNode } from './runtime/register-node';

const load = createRequire(__filename);

export = (RED: NodeAPI): void =>
  registerNode(RED, 'nrfcloud-tags', () => (load('./definitions/tags') as typeof Definition).default);
