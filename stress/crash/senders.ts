import type { Simulator } from '../../simulator/index';
import { postJson } from '../../test/support/post-json';
import type { Ledger } from './ledger';
import type { Order } from './orders';

/** How long a sender waits for an answer, in milliseconds. */
const PATIENCE_MS = 60_000;

/** Those who send the messages of a round, each until it is content with the answer. */
export class Senders {
  /** @param url where Node-RED is, which changes when it is started again */
  constructor(
    private readonly ledger: Ledger,
    private readonly url: () => string,
  ) {}

  /** Sends a message and waits for its answer. A connection that breaks, or an error, is no good answer. */
  async send(order: Order, signal?: AbortSignal): Promise<void> {
    const { kind, payload } = order;
    const key = keyOf(order, ++order.attempts);
    const patience = AbortSignal.timeout(PATIENCE_MS);
    try {
      const answer = await fetch(`${this.url()}/send`, {
        ...postJson({ key, kind, payload }),
        signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
      });
      await answer.text();
      if (answer.status === 200) order.answered = true;
    } catch {
      // No answer: it is sent again.
    }
  }

  /** A sender is content with a good answer, and of a bulk claim also wants to know how its operations ended. */
  isDone(order: Order): boolean {
    if (order.kind === 'watch') {
      const keys = keysOf(order);
      if (keys.some((key) => this.ledger.hasEnded(`watch ${key}#${String(order.payload)}`))) return true;
    }
    if (!order.answered) return false;
    if (order.kind !== 'bulk') return true;
    const key = keyOf(order, order.attempts);
    const done = (this.ledger.operations.get(key) ?? []).every((id) => this.ledger.hasEnded(`watch ${key}#${id}`));
    order.answered = done;
    return done;
  }

  /** Sentences about messages that made more than one command, or that succeeded and made none. */
  wrongCommands(orders: readonly Order[], simulator: Simulator): string[] {
    return orders.flatMap((order) => {
      if (order.kind !== 'command') return [];
      const count = simulator.commands(order.target!).length;
      const least = this.ledger.successes(keysOf(order).map((key) => `command ${key}`));
      const isRight = count >= least && count <= order.attempts;
      return isRight ? [] : [`${order.key}: ${least} successes, ${order.attempts} messages, ${count} commands`];
    });
  }
}

/** The keys of all messages that were sent for an order. */
function keysOf(order: Order): string[] {
  return Array.from({ length: order.attempts }, (_, index) => keyOf(order, index + 1));
}

function keyOf({ key }: Order, attempt: number): string {
  return `${key}.${attempt}`;
}
