import { setTimeout as pause } from 'node:timers/promises';
import type { FaultServer } from './fault-server';

/** What a stopped flow has left behind. */
export async function leaks(server: FaultServer, before: Map<string, number>): Promise<string[]> {
  const limit = Date.now() + 5000;
  for (;;) {
    const open = await server.connections();
    const now = resources();
    const more = [...now].filter(([kind, count]) => count > (before.get(kind) ?? 0));
    if (open === 0 && more.length === 0) return [];
    if (Date.now() > limit)
      return [
        `left behind: ${open} connections, ${JSON.stringify(Object.fromEntries(more))} beyond ${JSON.stringify(Object.fromEntries(before))}`,
      ];
    await pause(20);
  }
}

/** What keeps the event loop busy, by kind. */
export function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (/^(Timeout|TCPSocketWrap|TLSWrap|TCPConnectWrap|GetAddrInfo)/.test(kind))
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
