import fastify, { type FastifyInstance } from 'fastify';

import type { Simulator } from '../index';
import type { World } from '../world/world';
import type { Traffic } from './traffic';

export function buildSummaryHost(_simulator: Simulator, _world: World, _traffic: Traffic): FastifyInstance {
  return fastify({ forceCloseConnections: true });
}
