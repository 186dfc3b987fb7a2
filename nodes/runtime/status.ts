import type { Node, NodeStatus } from 'node-red';
import type { ErrorCode } from '../service/errors';

/** Catalog of the texts that all nodes share; the editor looks keys up in each browser's own language. */
const SHARED = 'node-red-contrib-nrfcloud-provisioning/nrfcloud-connection:nrfcloud-connection';

/** Statuses that differ in number only are not sent more often than this. */
const QUIET_MS = 200;

/** The status texts of one node, as keys of its catalog. */
export interface StatusTexts {
  working: string;
  done: string;
}

/** One message's share of its node's status. */
export interface Ticket {
  /** The request waits before a retry, or goes on. */
  waiting(waiting: boolean): void;
  /** What has been done so far, in plain text. */
  progress(text: string): void;
  /** What the message is about, in other texts than the node's. */
  describe(texts: StatusTexts): void;
  /** The message ended; with the code of its failure, if it failed. */
  end(code?: ErrorCode): void;
}

interface Share {
  waiting: boolean;
  text: string | undefined;
  texts: StatusTexts;
}

/**
 * A node's status, made of all messages that are on their way: blue while any is worked on, yellow while all of them
 * wait, and when none is left the colour of the last ending.
 */
export class StatusBoard {
  readonly #shares = new Set<Share>();
  #waiting = 0;
  #behind = 0;
  #last: NodeStatus = {};
  #shown = '';
  #shownColour = '';
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly node: Pick<Node, 'status'>,
    private readonly texts: StatusTexts,
  ) {}

  /** A message has come in. */
  begin(): Ticket {
    const share: Share = { waiting: false, text: undefined, texts: this.texts };
    this.#shares.add(share);
    this.#show();
    return {
      waiting: (waiting) => {
        this.#count(share, waiting);
        this.#show();
      },
      progress: (text) => {
        share.text = text;
        this.#show();
      },
      describe: (texts) => {
        share.texts = texts;
        this.#show();
      },
      end: (code) => {
        this.#count(share, false);
        this.#shares.delete(share);
        this.#last =
          code === undefined
            ? { fill: 'green', shape: 'dot', text: share.text ?? share.texts.done }
            : { fill: 'red', shape: 'ring', text: `${SHARED}.error.${code}` };
        this.#show();
      },
    };
  }

  /** So many messages have come in, but are not begun. */
  behind(messages: number): void {
    this.#behind = messages;
    this.#show();
  }

  /** Takes the status away for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.node.status({});
  }

  #count(share: Share, waiting: boolean): void {
    if (share.waiting === waiting) return;
    share.waiting = waiting;
    this.#waiting += waiting ? 1 : -1;
  }

  #current(): NodeStatus {
    const { size } = this.#shares;
    if (size === 0) return this.#last;
    // A number can't be put into a translated text, so it stands alone.
    const all = size + this.#behind;
    const count = all > 1 ? `${all} …` : undefined;
    if (this.#waiting === size) return { fill: 'yellow', shape: 'ring', text: count ?? `${SHARED}.status.waiting` };
    const [only] = this.#shares;
    return { fill: 'blue', shape: 'dot', text: count ?? only?.text ?? only?.texts.working ?? this.texts.working };
  }

  #show(): void {
    if (this.#closed) return;
    const status = this.#current();
    const colour = `${status.fill} ${status.shape}`;
    if (colour !== this.#shownColour) this.#send(status, colour);
    else
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        const now = this.#current();
        if (`${now.fill} ${now.shape} ${now.text}` !== this.#shown) this.#send(now, `${now.fill} ${now.shape}`);
      }, QUIET_MS);
  }

  #send(status: NodeStatus, colour: string): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#shownColour = colour;
    this.#shown = `${colour} ${status.text}`;
    this.node.status(status);
  }
}
