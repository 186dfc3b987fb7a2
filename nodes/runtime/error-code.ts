import type { NodeAPI, NodeMessage } from 'node-red';
import type { ErrorCode, NrfCloudError } from '../service/errors';

const HOOK = 'onReceive.nrfcloud-error-code';
/** Codes of reported errors, by their cause: of all that Catch nodes get, that is the error's own object. */
const codes = new WeakMap<object, ErrorCode>();

/** Remembers the code of an error that is reported next. */
export function keepCode({ cause, code }: NrfCloudError): void {
  codes.set(cause, code);
}

/**
 * Gives Catch nodes the error's code where Node-RED does not: before 4.1 it copies only text, stack and cause of an error
 * into `msg.error` (`handleError` in its Flow.js).
 */
export function giveCatchTheCode(RED: NodeAPI): void {
  // node-red-node-test-helper gives nodes neither of them; and the version is a function, whatever its type says.
  const { version, hooks } = RED as unknown as Partial<Pick<NodeAPI, 'hooks'>> & { version?: () => string };
  if (version?.().startsWith('4.0.') !== true || hooks === undefined) return;
  // Each node type of the package comes by here.
  hooks.remove(HOOK);
  hooks.add(HOOK, ({ msg, destination }: { msg: NodeMessage; destination: { node: { type: string } } }) => {
    if (destination.node.type !== 'catch') return;
    const { error } = msg as { error?: { cause?: object; code?: ErrorCode } };
    const code = error?.cause === undefined ? undefined : codes.get(error.cause);
    if (error !== undefined && code !== undefined) error.code = code;
  });
}
