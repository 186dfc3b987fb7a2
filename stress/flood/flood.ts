import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../../simulator/index';
import { keyFor, startNodeRedProcess, type FlowNode } from '../../test/support/node-red-process';

/** A flood, and what holds it. */
export interface FloodOptions {
  messages: number;
  queueLimit: number;
  /** Node-RED's own setting; left out, there is no such limit. */
  nodeMessageBufferMaxLength?: number;
}

/** What Node-RED's hooks saw of it, and what came to the service. */
export interface FloodResult {
  received: number;
  ended: number;
  /** Messages that ended more than once. */
  twice: number;
  /** Most messages that the node held at once. */
  most: number;
  /** How many messages ended with which code, `ok` for success. */
  codes: Record<string, number>;
  /** Until the last message was sent, had come in, and had ended, from the first on. */
  sentMs: number;
  floodMs: number;
  tookMs: number;
  /** Resident memory of Node-RED before, and at most. */
  rssBeforeMiB: number;
  rssMiB: number;
  /** Devices that were claimed, and those more than once. */
  claimed: number;
  claimedAgain: number;
  maxInFlight: number;
}

/** Floods one claim node of a real Node-RED, in a process of its own. */
export async function flood({ messages, queueLimit, ...settings }: FloodOptions): Promise<FloodResult> {
  const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-flood-'));
  const simulator = await startSimulator({ record: false, verify: false });
  try {
    const tokens = join(folder, 'tokens.txt');
    writeFileSync(
      tokens,
      simulator
        .mintMany(messages, { signed: false })
        .map(({ claimToken }) => claimToken)
        .join('\n'),
    );
    const flows = flowsFor(simulator.url, queueLimit);
    const nodeRed = await startNodeRedProcess({
      flows,
      credentials: keyFor(flows, 'sim-key'),
      env: { FLOOD_TOKENS: tokens },
      settings: { nodesDir: join(__dirname, 'flood-plugin'), ...settings },
    });
    try {
      const line = new Promise<string>((resolve) => {
        const look = setInterval(() => {
          const found = nodeRed.log.find((one) => one.includes('flood {'));
          if (found === undefined) return;
          clearInterval(look);
          resolve(found);
        }, 50);
        void nodeRed.lost.catch(() => clearInterval(look));
      });
      await nodeRed.admin('/flood', { method: 'POST' });
      const told = await Promise.race([line, nodeRed.lost]);
      const seen = JSON.parse(told.slice(told.indexOf('{'))) as Omit<
        FloodResult,
        'claimed' | 'claimedAgain' | 'maxInFlight'
      >;
      const counts = [...simulator.claims.values()];
      return {
        ...seen,
        claimed: counts.length,
        claimedAgain: counts.filter((count) => count > 1).length,
        maxInFlight: simulator.maxInFlight,
      };
    } finally {
      await nodeRed.stop();
    }
  } finally {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function flowsFor(baseUrl: string, queueLimit: number): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  return [
    { id: 'tab', type: 'tab', label: 'flood' },
    { id: 'connection', type: 'nrfcloud-connection', baseUrl, api: 'guide', queueLimit },
    { ...place, id: 'source', type: 'function', func: 'return msg;', outputs: 1, wires: [['claim']] },
    { ...place, id: 'claim', type: 'nrfcloud-claim', connection: 'connection', wires: [['after']] },
    { ...place, id: 'after', type: 'function', func: 'return null;', outputs: 1, wires: [[]] },
    // Without a Catch node every refusal would be a line in the log.
    { ...place, id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['after']] },
  ];
}
