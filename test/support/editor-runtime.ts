import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { startNodeRed, type NodeRed, type NodeRedOptions } from '../../harness/node-red';
import { freePort } from '../../harness/ports';

/** The first number of the version of the Node-RED that is tested. */
export const NODE_RED_MAJOR = Number.parseInt(
  (
    JSON.parse(
      readFileSync(
        resolve(dirname(process.env['NODE_RED_PATH'] ?? require.resolve('node-red')), '../package.json'),
        'utf8',
      ),
    ) as { version: string }
  ).version,
);

/**
 * Starts a Node-RED for the editor, in a process of its own.
 * @param flows what it runs at the start
 */
export async function startEditorRuntime(
  flows: unknown[] = [],
  options: Pick<NodeRedOptions, 'credentials' | 'env' | 'onLine'> = {},
): Promise<NodeRed> {
  const nodeRed = startNodeRed({
    ...options,
    port: await freePort(0),
    flows,
    // Without the big code editor the page is there sooner.
    settings: { editorTheme: { tours: false, codeEditor: { lib: 'ace' } } },
  });
  await nodeRed.ready;
  return nodeRed;
}
