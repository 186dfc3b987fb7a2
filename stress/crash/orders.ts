import type { Simulator } from '../../simulator/index';
import { startBulkOperation } from '../../test/support/start-bulk-operation';
import { KINDS, ROWS_PER_UPLOAD, type Kind } from './flow';

/** What a round is about. */
export const LOADS = [...KINDS, 'all'] as const;
export type Load = (typeof LOADS)[number];

/** A message of a sender, who sends it until it is answered. */
export interface Order {
  kind: Kind;
  key: string;
  payload: unknown;
  /** Devices that are to be claimed. */
  devices: string[];
  /** The claimed device that a command is for, or that is followed. */
  target?: string;
  /** Set by the answer. */
  answered: boolean;
  attempts: number;
}

/** What the senders of a round want. */
export async function createOrders(
  simulator: Simulator,
  random: () => number,
  load: Load,
  round: string,
): Promise<Order[]> {
  const counts: Record<Kind, number> = { claim: 60, bulk: 6, watch: 12, list: 8, command: 16, onboarding: 16 };
  const orders: Order[] = [];
  for (const kind of KINDS) {
    if (load !== 'all' && load !== kind) continue;
    const count = Math.ceil((counts[kind] * (0.5 + random())) / (load === 'all' ? 2 : 1));
    for (let index = 0; index < count; index++) {
      const key = `${round}${kind}${index}`;
      if (kind === 'command' || kind === 'onboarding') {
        const [target = ''] = simulator.fill(1);
        if (kind === 'onboarding') setTimeout(() => simulator.onboard(target), 20 + random() * 300);
        orders.push({ kind, key, payload: target, devices: [], target, answered: false, attempts: 0 });
        continue;
      }
      const devices = kind === 'list' ? 0 : kind === 'claim' ? 1 : ROWS_PER_UPLOAD * (kind === 'bulk' ? 5 : 1);
      const minted = simulator.mintMany(devices, { signed: false });
      const tokens = minted.map(({ claimToken }) => claimToken);
      const payload = kind === 'watch' ? await begin(simulator, tokens) : kind === 'claim' ? tokens[0] : tokens;
      orders.push({ kind, key, payload, devices: minted.map((one) => one.deviceUuid), answered: false, attempts: 0 });
    }
  }
  return orders;
}

/** Begins a bulk operation at the service, past Node-RED and its faults. */
async function begin(simulator: Simulator, tokens: string[]): Promise<string> {
  for (;;) {
    try {
      return await startBulkOperation(simulator, tokens);
    } catch {
      // A fault of the simulator; the rows that are claimed already only fail.
    }
  }
}
