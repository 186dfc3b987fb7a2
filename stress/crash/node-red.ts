import type { NodeRedOptions } from '../../harness/node-red';
import { startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../../test/support/node-red-process';

/**
 * Starts a Node-RED whose records are on disk at any moment: it gets no warning before it is killed.
 * @param flows undefined: those that the user directory has
 */
export function startNodeRed(
  userDir: string,
  flows: FlowNode[] | undefined,
  { settings, env = {} }: Pick<NodeRedOptions, 'settings' | 'env'>,
): Promise<NodeRedProcess> {
  return startNodeRedProcess({
    userDir,
    ...(flows === undefined ? {} : { flows, credentials: { connection: { apiKey: 'sim-key' } } }),
    settings: {
      credentialSecret: false,
      contextStorage: {
        default: { module: 'memory' },
        // Without its cache, so that nothing waits in memory to be written.
        file: { module: 'localfilesystem', config: { cache: false } },
      },
      ...settings,
    },
    env,
  });
}
