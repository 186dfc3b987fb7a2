import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeUserDir } from '../../harness/node-red';
import { startSimulator, type Simulator } from '../../simulator/index';
import { seededRandom } from '../../simulator/identity/seeded';
import type { FlowNode, NodeRedProcess } from '../../test/support/node-red-process';
import { showEvidence } from './evidence';
import { Ledger } from './ledger';
import { RecordsOnDisk, type CrashStore } from './records';
import { crashFlow, KINDS, LISTED, type Kind } from './flow';
import { startNodeRed } from './node-red';
import { createOrders, LOADS, type Load, type Order } from './orders';
import { Senders } from './senders';

/** What happens to Node-RED in the middle of a round. */
export const EVENTS = [
  'SIGKILL',
  'SIGTERM',
  'full deploy',
  'modified nodes',
  'node deleted',
  'connection edited',
  'flow disabled',
] as const;
export type Event = (typeof EVENTS)[number];

/** What a round came to. */
export interface RoundResult {
  event: Event;
  load: Load;
  in: number;
  out: number;
  errors: number;
  /** Came in and did not end, because the process was killed. */
  cut: number;
  /** Watches that were taken up again and ended. */
  resumed: number;
  /** Messages that were sent again, as no answer or an error came. */
  again: number;
  /** Devices that were to be claimed, and how many claims the service carried out. */
  devices: number;
  claimed: number;
  discrepancies: string[];
}

/** Tries of a sender until it gives up. */
const ATTEMPTS = 8;
/** How long the work of a round may take, in milliseconds: on a busy computer Node-RED alone takes ten seconds to start. */
const PATIENCE_MS = 240_000;
/** What would be wrong in Node-RED's log. A stopped message is an error line when its Catch node was stopped, too. */
const BAD_LINE = /\[fatal\]|Uncaught|Unhandled|TypeError|MaxListeners|timed out|headers after/i;

/** One simulator and one Node-RED, restarted when it was killed, for as many rounds as wanted. */
export class Crashes {
  readonly #random: () => number;
  readonly #ledger = new Ledger();
  readonly #senders = new Senders(this.#ledger, () => this.#nodeRed.url);
  readonly #polled = new Set<string>();
  readonly #userDir = makeUserDir();
  readonly #records: RecordsOnDisk;
  #simulator!: Simulator;
  #nodeRed!: NodeRedProcess;
  #flows!: FlowNode[];
  #read = 0;
  #round = 0;
  #edits = 0;

  /** @param store the `store` property of the nodes: the journal, or the context store `file` */
  constructor(
    seed: number,
    private readonly store: CrashStore = '',
  ) {
    this.#random = seededRandom(`crash ${seed}`);
    this.#records = new RecordsOnDisk(this.#userDir, store);
  }

  /** Starts both. */
  async start(): Promise<void> {
    this.#simulator = await startSimulator({
      api: 'guide',
      latency: [5, 30],
      bulkPendingMs: 60,
      bulkProgressMs: 60,
      record: false,
      verify: false,
      pageSize: LISTED.pageSize,
    });
    this.#simulator.fill(LISTED.devices, [LISTED.tag]);
    const faults = [{ drop: 'before' }, { drop: 'after' }, { status: 503 }, { status: 500, afterWork: true }] as const;
    for (const fault of faults) this.#simulator.faults.add({ match: { chance: 0.006 }, ...fault });
    this.#simulator.events.on('request', ({ url }) => {
      const id = /bulk-ops-requests\/(\w+)/.exec(url)?.[1];
      if (id !== undefined) this.#polled.add(id);
    });
    this.#simulator.events.on('response', ({ method, url }) => {
      const device = /claimed-devices\/([^/]+)\/provisioning$/.exec(url)?.[1];
      if (method === 'POST' && device !== undefined) this.#simulator.contact(device);
    });
    this.#flows = crashFlow({ baseUrl: this.#simulator.url, deviceApiUrl: this.#simulator.deviceApiUrl }, this.store);
    await this.#launch(this.#flows);
  }

  /** Ends both. */
  async stop(): Promise<void> {
    await this.#nodeRed.stop();
    await this.#simulator.close();
    rmSync(this.#userDir, { recursive: true, force: true });
  }

  /** One round; without an event or a load a random one. @throws {Error} when something that has to happen does not */
  async round(event: Event = this.#pick(EVENTS), load: Load = this.#pick(LOADS)): Promise<RoundResult> {
    const round = `r${++this.#round}.`;
    const orders = await createOrders(this.#simulator, this.#random, load, round);
    const found: string[] = [];
    const over = new AbortController();
    const moment = this.#moment(orders);
    let open = Promise.all(orders.map((order) => this.#senders.send(order, over.signal)));
    // Devices that are polled in a batch need fewer requests.
    await Promise.race([moment, open]);
    await this.#strike(event, round, found);
    over.abort();
    await open;
    this.#book();

    let again = 0;
    for (let attempt = 1; ; attempt++) {
      const rest = orders.filter((order) => !this.#senders.isDone(order));
      if (rest.length === 0) break;
      if (attempt > ATTEMPTS) {
        found.push(`${rest.map(({ key }) => key).join(', ')} got no good answer`);
        break;
      }
      again += rest.length;
      open = Promise.all(rest.map((order) => this.#senders.send(order)));
      await open;
      await this.#settle(`the end of what round ${this.#round} sent again`);
    }
    await this.#settle(`the end of round ${this.#round}`);
    const devices = [...new Set(orders.flatMap((order) => order.devices))];
    const claims = devices.map((id) => this.#simulator.claims.get(id) ?? 0);
    for (const [index, count] of claims.entries()) {
      if (count !== 1) found.push(`${devices[index]!} was claimed ${count} times`);
    }
    found.push(...this.#senders.wrongCommands(orders, this.#simulator));
    // The service may not know our filter, so a listing reads the whole account, which must not grow from round to round.
    for (const id of [...devices, ...orders.flatMap(({ target = [] }) => target)]) this.#simulator.unclaim(id);
    for (const line of this.#nodeRed.log) if (BAD_LINE.test(line)) found.push(line);
    this.#nodeRed.log.length = this.#read = 0;
    found.push(...this.#ledger.discrepancies(round));
    const sums = this.#ledger.sums(round);
    if (sums.in !== sums.out + sums.errors + sums.cut) found.push(`the sums differ: ${JSON.stringify(sums)}`);
    if (sums.cut > 0 && event !== 'SIGKILL') found.push(`${sums.cut} messages did not end`);
    const claimed = claims.reduce((sum, count) => sum + count, 0);
    return { event, load, ...sums, again, devices: devices.length, claimed, discrepancies: found };
  }

  #pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)]!;
  }

  /** Resolves in the middle of the work: after a random part of the requests and responses that it may need. */
  #moment(orders: Order[]): Promise<void> {
    const requests: Record<Kind, number> = {
      claim: 1,
      bulk: 10,
      watch: 1,
      list: LISTED.devices / LISTED.pageSize,
      command: 2,
      onboarding: 1,
    };
    const least = 2 * orders.reduce((sum, { kind }) => sum + requests[kind], 0);
    let rest = 1 + Math.floor(this.#random() * (least - 1));
    const { events } = this.#simulator;
    return new Promise((settle) => {
      const count = (): void => {
        if (--rest > 0) return;
        events.off('request', count);
        events.off('response', count);
        settle();
      };
      events.on('request', count);
      events.on('response', count);
    });
  }

  async #strike(event: Event, round: string, found: string[]): Promise<void> {
    if (event === 'SIGKILL' || event === 'SIGTERM') return this.#kill(event, round, found);
    const flows = this.#flows;
    const edit = `edit ${++this.#edits}`;
    if (event === 'node deleted') {
      const gone = this.#pick(KINDS);
      const wires = (node: FlowNode): FlowNode =>
        node['wires'] === undefined
          ? node
          : { ...node, wires: node['wires'].map((port: string[]) => port.filter((id) => id !== gone)) };
      await this.#deploy(flows.filter(({ id }) => id !== gone).map(wires), 'nodes');
      await this.#deploy(flows, 'nodes');
      await this.#closed(round, found, gone === 'watch');
      return;
    }
    if (event === 'flow disabled') {
      await this.#deploy(
        flows.map((node) => (node.type === 'tab' ? { ...node, disabled: true } : node)),
        'flows',
      );
      await this.#deploy(flows, 'flows');
    } else if (event === 'connection edited') {
      this.#flows = flows.map((node) => (node.id === 'connection' ? { ...node, name: edit } : node));
      await this.#deploy(this.#flows, 'nodes');
    } else if (event === 'modified nodes') {
      const some = KINDS.filter(() => this.#random() < 0.6);
      this.#flows = flows.map((node) => ((some as string[]).includes(node.id) ? { ...node, name: edit } : node));
      await this.#deploy(this.#flows, 'nodes');
    } else await this.#deploy(flows, 'full');
    await this.#closed(round, found, false);
  }

  async #deploy(flows: FlowNode[], how: 'full' | 'nodes' | 'flows'): Promise<void> {
    await this.#nodeRed.deploy(flows, how);
  }

  /** After a deploy: everything has ended, and the watches that were stopped go on. */
  async #closed(round: string, found: string[], watchGone: boolean): Promise<void> {
    this.#book();
    const stopped = this.#ledger.stopped(round).filter((name) => this.#wasPolled(name));
    await this.#settle(`the end of what was on its way in round ${this.#round}`);
    for (const name of stopped) {
      if (this.#ledger.hasEnded(name) === watchGone) {
        found.push(watchGone ? `${name} went on although its node was deleted` : `${name} was not taken up again`);
      }
    }
  }

  async #kill(signal: 'SIGKILL' | 'SIGTERM', round: string, found: string[]): Promise<void> {
    const { pid, lost } = this.#nodeRed;
    process.kill(pid, signal);
    await lost.catch(() => undefined);
    this.#book();
    const { log } = this.#nodeRed;
    for (const line of log) if (BAD_LINE.test(line)) found.push(line);
    if (signal === 'SIGKILL') this.#ledger.cutOff();
    const kept = this.#kept();
    const stopped = this.#ledger.stopped(round);
    for (const name of stopped) {
      if (this.#wasPolled(name) && !kept.includes(name)) found.push(`${name} was polled, and is not kept`);
    }
    for (const name of kept) {
      if (stopped.includes(name)) continue;
      // Killed between the result and the drop of its record, a watch tells its result again.
      if (signal === 'SIGKILL') this.#ledger.mayRepeat(name);
      else found.push(`${name} is kept although it has ended`);
    }
    await this.#launch();
    await this.#settle(`the end of what was kept in round ${this.#round}`);
    for (const name of kept) if (!this.#ledger.hasEnded(name)) found.push(`${name} was kept, and did not end`);
  }

  /** A bulk claim, whose name has no operation, is never polled. */
  #wasPolled(name: string): boolean {
    const [, operation] = name.split('#');
    return operation !== undefined && this.#polled.has(operation);
  }

  /** Waits until nothing is on its way: behind a message that went the same way, all have come in. */
  async #settle(what: string): Promise<void> {
    const [marker] = this.#simulator.mintMany(1, { signed: false });
    const key = `marker${this.#round}`;
    const order: Order = { kind: 'claim', key, payload: marker!.claimToken, devices: [], answered: false, attempts: 0 };
    while (!order.answered && order.attempts < ATTEMPTS) await this.#senders.send(order);
    const limit = Date.now() + PATIENCE_MS;
    for (;;) {
      this.#book();
      const [open, kept] = [this.#ledger.open, this.#kept()];
      if (open.length + kept.length === 0) break;
      if (Date.now() > limit) {
        await showEvidence(this.#nodeRed.log, this.#simulator);
        throw new Error(`${what} did not happen: open ${open.join()}, kept ${kept.join()}`);
      }
      await Promise.race([pause(20), this.#nodeRed.lost]);
    }
    // A result leaves behind its record; a turn of Node-RED's HTTP lets it come.
    await (await this.#nodeRed.admin('/settings')).text();
    this.#book();
  }

  #book(): void {
    this.#read = this.#ledger.read(this.#nodeRed.log, this.#read);
  }

  /** The work that is recorded, by the names of the ledger. */
  #kept(): string[] {
    return this.#records.read().map(({ node, state, msg }) => {
      const key = String(msg['key']);
      return node === 'watch' ? `watch ${key}#${(state['work'] as { id: string }).id}` : `${node} ${key}`;
    });
  }

  async #launch(flows?: FlowNode[]): Promise<void> {
    this.#read = 0;
    this.#nodeRed = await startNodeRed(this.#userDir, flows, {
      settings: { nodesDir: [join(__dirname, 'crash-ledger')] },
    });
  }
}
