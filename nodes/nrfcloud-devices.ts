import { createRequire } from 'node:module';
import type { NodeAPI } from 'node-red';
import type * as Definition from './definitions/devices';
import { registerNode } from './runtime/register-node';

const load = createRequire(__filename);

export = (RED: NodeAPI): void =>
  registerNode(RED, 'nrfcloud-devices', () => (load('./definitions/devices') as typeof Definition).default);
