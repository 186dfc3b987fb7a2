import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Claims } from './claims-undici';
import { startPeer } from './peer';

const run = promisify(execFile);
const SCRIPT = join(__dirname, 'claims_sequential.py');

/** A script that claims devices. */
export interface Sequential {
  name: string;
  /** See `Peer`. */
  work: (claims: Claims) => Promise<number>;
  stop: () => Promise<void>;
}

/** A script that claims one device after the other: in Python as Nordic's own tool, else in Node.js; its name says which. */
export async function startSequential(): Promise<Sequential> {
  if (await hasPython()) {
    return {
      name: 'Python, one by one',
      work: async ({ url, tokens, messages }) =>
        Number((await run('python3', [SCRIPT, url, tokens, String(messages)])).stdout),
      stop: () => Promise.resolve(),
    };
  }
  const peer = startPeer(join(__dirname, 'claims-undici.ts'));
  return { ...peer, name: 'Node.js, one by one', work: (claims) => peer.work({ ...claims, concurrency: 1 }) };
}

async function hasPython(): Promise<boolean> {
  return run('python3', ['--version']).then(
    () => true,
    () => false,
  );
}
