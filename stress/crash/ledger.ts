import { LISTED, type Kind } from './flow';

/** A line of the plugin `crash-ledger`. */
export interface Entry {
  event: 'in' | 'out' | 'end' | 'caught';
  node: Kind;
  /** The message's key; for a watch, also the operation. */
  id: string;
  code?: string;
  port?: number;
  /** Devices of a page. */
  size?: number;
  /** On the last of a sequence. */
  count?: number;
  resumed?: boolean;
  /** The bulk operation that an upload began. */
  operation?: string;
}

/** What became of one message at one node. */
interface MessageHistory {
  node: Kind;
  received: number;
  /** How often it came in from a bulk claim that was continued: an upload that had left before may leave again. */
  receivedResumed: number;
  endings: string[];
  /** Its process was killed before it ended. */
  cut: boolean;
  /** Results that left, and how many of them after the ending. */
  results: number;
  late: number;
  resumed: number;
  /** Results that were not marked as resumed. */
  unmarked: number;
  pages: number;
  devices: number;
  /** What the last page said, `undefined` as long as there was none. */
  count: number | undefined;
  caught: number;
  /** It was continued, and Catch got its error. */
  hasFailedLater: boolean;
  /** Whether a second result, marked as resumed, is right. */
  mayRepeat: boolean;
}

/** What a message may end in: work done, the flow stopped, or faults that outlived the retries. */
const GOOD_ENDINGS: ReadonlySet<string> = new Set([
  'ok',
  'NRFCLOUD_CLOSED',
  'NRFCLOUD_UNAVAILABLE',
  'NRFCLOUD_TIMEOUT',
]);

/** Nodes whose work continues after a restart. */
const RECORDED: ReadonlySet<Kind> = new Set<Kind>(['bulk', 'watch', 'command', 'onboarding']);

/** The ledger of a run: what the nodes received, sent and ended, by `<node> <id>`. */
export class Ledger {
  readonly messages = new Map<string, MessageHistory>();
  /** Bulk operations that bulk claim began, by the key of the message that they came from. */
  readonly operations = new Map<string, string[]>();

  /** Records the lines of a log from a line on. @returns the line to continue with */
  read(log: readonly string[], from: number): number {
    for (const line of log.slice(from)) {
      if (line.startsWith('crash {')) this.#record(JSON.parse(line.slice('crash '.length)) as Entry);
    }
    return log.length;
  }

  /** Messages that came in and have not ended. */
  get open(): string[] {
    return [...this.messages].filter(([, one]) => one.received > one.endings.length && !one.cut).map(([name]) => name);
  }

  /** The process is gone, and with it all that was on its way. */
  cutOff(): void {
    for (const name of this.open) this.messages.get(name)!.cut = true;
  }

  /** Whether recorded work has had its one result. */
  hasEnded(name: string): boolean {
    const message = this.messages.get(name);
    if (message === undefined) return false;
    // A command whose creation was interrupted ends in an error: it may exist.
    return message.results + message.resumed > 0 || (message.node === 'command' && message.hasFailedLater);
  }

  /** The process was killed when the result had left, and before the record was removed. */
  mayRepeat(name: string): void {
    const message = this.messages.get(name);
    if (message !== undefined) message.mayRepeat = true;
  }

  /** Recorded work of a round that was stopped without a result, by the flow or with the process. */
  stopped(round: string): string[] {
    return [...this.messages]
      .filter(
        ([name, { node, endings, cut }]) =>
          RECORDED.has(node) &&
          name.startsWith(`${node} ${round}`) &&
          !this.hasEnded(name) &&
          (endings[0] === undefined ? cut : endings[0] === 'NRFCLOUD_CLOSED'),
      )
      .map(([name]) => name);
  }

  /** How many messages of a round came in, ended well, ended in an error, did not end, and were resumed. */
  sums(round: string): { in: number; out: number; errors: number; cut: number; resumed: number } {
    const messages = [...this.messages]
      .filter(([name]) => name.split(' ')[1]!.startsWith(round))
      .map(([, message]) => message);
    const ended = (good: boolean): number =>
      messages.filter(({ endings }) => endings.length > 0 && (endings[0] === 'ok') === good).length;
    return {
      in: messages.length,
      out: ended(true),
      errors: ended(false),
      cut: messages.filter(({ cut, endings }) => cut && endings.length === 0).length,
      resumed: messages.reduce((sum, { resumed }) => sum + resumed, 0),
    };
  }

  /** How many of the messages of a sender ended well at a node, at once or after a restart. */
  successes(names: readonly string[]): number {
    return names.filter((name) => {
      const message = this.messages.get(name);
      return message !== undefined && message.results + message.resumed > 0;
    }).length;
  }

  /** Sentences about every broken rule of the nodes in a round. */
  discrepancies(round: string): string[] {
    const found: string[] = [];
    for (const [name, message] of this.messages) {
      if (!name.split(' ')[1]!.startsWith(round)) continue;
      const say = (what: string): void => void found.push(`${name}: ${what} (${JSON.stringify(message)})`);
      const { node, received, receivedResumed, endings, cut, results, late, resumed, pages, devices } = message;
      const { count, caught, mayRepeat, unmarked } = message;
      const ending = endings[0];
      // An upload of a bulk claim that was continued may have left before: then it is watched twice.
      const again = Math.min(received - 1, receivedResumed);
      if (received - again !== 1) say(`came in ${received} times`);
      if (endings.length + (cut ? 1 : 0) !== received) say(`ended ${endings.length} times`);
      if (ending !== undefined && !GOOD_ENDINGS.has(ending)) say('ended in an error that nothing here explains');
      if (late > 0) say('sent something after its ending');
      if (results + resumed > received + (mayRepeat ? 1 : 0)) say('had more than one result');
      if (unmarked > 1) say('had a second result that is not marked as resumed');
      // Of a message whose process was killed, and that came in again, a result is taken for one of work that was continued.
      const hasResult = results > 0 || (again > 0 && resumed > 0);
      if (ending === 'ok' && node !== 'list' && !hasResult) say('ended well without its one result');
      if (ending === 'ok' && node === 'list' && (count !== pages || devices !== LISTED.devices))
        say('listed not everything');
      if (ending !== undefined && ending !== 'ok' && results > 0 && node !== 'bulk') say('failed with a result');
      // Work that was continued reports its failure to Catch alone.
      if (!RECORDED.has(node) && caught > (ending === undefined || ending === 'ok' ? 0 : 1))
        say('was caught too often');
    }
    return found;
  }

  #record({ event, node, id, code, port, size = 0, count, resumed = false, operation }: Entry): void {
    const message = this.#historyOf(node, `${node} ${id}`);
    if (event === 'in') {
      message.received++;
      if (resumed) message.receivedResumed++;
    }
    if (event === 'end') message.endings.push(code!);
    if (event === 'caught') {
      message.caught++;
      message.hasFailedLater ||= resumed;
    }
    if (event !== 'out') return;
    if (operation !== undefined) this.operations.set(id, [...(this.operations.get(id) ?? []), operation]);
    if (node === 'list') {
      message.pages++;
      message.devices += size;
      message.count = count;
    }
    if (message.endings.length > 0 && !resumed) message.late++;
    // The one result of a message: not an upload, nor rejected rows, nor progress.
    const result = { claim: [0], bulk: [2], watch: [0, 1], list: [] as number[], command: [0, 1], onboarding: [0, 1] }[
      node
    ].includes(port!);
    if (!result) return;
    // A message from a bulk claim that was continued is marked already when it comes in.
    const continued = resumed && (message.cut || message.endings.length >= message.received);
    if (continued) message.resumed++;
    else message.results++;
    if (!resumed) message.unmarked++;
  }

  #historyOf(node: Kind, name: string): MessageHistory {
    let message = this.messages.get(name);
    if (message === undefined) {
      const nothing = {
        received: 0,
        receivedResumed: 0,
        results: 0,
        late: 0,
        resumed: 0,
        unmarked: 0,
        pages: 0,
        devices: 0,
        caught: 0,
      };
      this.messages.set(
        name,
        (message = {
          node,
          endings: [],
          cut: false,
          count: undefined,
          hasFailedLater: false,
          mayRepeat: false,
          ...nothing,
        }),
      );
    }
    return message;
  }
}
