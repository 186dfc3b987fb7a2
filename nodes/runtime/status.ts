import type { Node, NodeStatus } from 'node-red';
import type { ErrorCode } from '../api/errors';

/** Catalog of the texts that all nodes share; the editor looks keys up in each browser's own language. */
const SHARED = 'node-red-contrib-nrfcloud-provisioning/nrfcloud-connection:nrfcloud-connection';

/** Statuses that differ in number only are not sent more often than this. */
const STATUS_INTERVAL_MS = 200;

/** The status texts of one node, as keys of its catalog. */
export interface StatusTexts {
  working: string;
  done: string;
}

/** One message's share of its node's status. */
export interface MessageStatus {
  /** The request waits before a retry, or goes on. */
  waiting(waiting: boolean): void;
  /** What has been done so far, in plain text. */
  progress(text: string): void;
  /** What the message is about, in other texts than the node's. */
  describe(texts: StatusTexts): void;
  /** The message ended; with the code of its failure, if it failed. */
  end(code?: ErrorCode): void;
}

type Colour = 'blue dot' | 'yellow ring' | 'green dot' | 'red ring';

interface Shown {
  colour: Colour;
  text: string;
}

/**
 * A node's status, made of all messages that are on their way: blue while any is worked on, yellow while all of them
 * wait, and when none is left the colour of the last ending.
 */
export class StatusDisplay {
  readonly #shares = new Set<MessageStatusEntry>();
  #waiting = 0;
  #behind = 0;
  #last: Shown | undefined;
  #shown: Shown | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly node: Pick<Node, 'status'>,
    private readonly texts: StatusTexts,
  ) {}

  /** A message has come in. */
  begin(): MessageStatus {
    const share = new MessageStatusEntry(this, this.texts);
    this.#shares.add(share);
    this.#show();
    return share;
  }

  /** A share tells something else than before. */
  changed(share: MessageStatusEntry, waiting: boolean): void {
    if (share.isWaiting !== waiting) this.#waiting += waiting ? 1 : -1;
    share.isWaiting = waiting;
    this.#show();
  }

  /** A message has ended. */
  end(share: MessageStatusEntry, code?: ErrorCode): void {
    this.#shares.delete(share);
    this.#last =
      code === undefined
        ? { colour: 'green dot', text: share.text ?? share.texts.done }
        : { colour: 'red ring', text: `${SHARED}.error.${code}` };
    this.changed(share, false);
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

  #colour(): Colour | undefined {
    if (this.#shares.size === 0) return this.#last?.colour;
    return this.#waiting === this.#shares.size ? 'yellow ring' : 'blue dot';
  }

  #text(): string | undefined {
    const { size } = this.#shares;
    if (size === 0) return this.#last?.text;
    // A number can't be put into a translated text, so it stands alone.
    const all = size + this.#behind;
    if (all > 1) return `${all} …`;
    if (this.#waiting === size) return `${SHARED}.status.waiting`;
    const [only] = this.#shares;
    return only?.text ?? only?.texts.working;
  }

  #show(): void {
    if (this.#closed) return;
    if (this.#colour() !== this.#shown?.colour) this.#send();
    else
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        if (this.#colour() !== this.#shown?.colour || this.#text() !== this.#shown?.text) this.#send();
      }, STATUS_INTERVAL_MS);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [colour, text] = [this.#colour(), this.#text()];
    if (colour === undefined || text === undefined) return;
    this.#shown = { colour, text };
    const [fill, shape] = colour.split(' ') as [NodeStatus['fill'], NodeStatus['shape']];
    this.node.status({ fill, shape, text });
  }
}

class MessageStatusEntry implements MessageStatus {
  /** Counted by the board. */
  isWaiting = false;
  text: string | undefined;

  constructor(
    private readonly board: StatusDisplay,
    public texts: StatusTexts,
  ) {}

  waiting(waiting: boolean): void {
    this.board.changed(this, waiting);
  }

  progress(text: string): void {
    this.text = text;
    this.board.changed(this, this.isWaiting);
  }

  describe(texts: StatusTexts): void {
    this.texts = texts;
    this.board.changed(this, this.isWaiting);
  }

  end(code?: ErrorCode): void {
    this.board.end(this, code);
  }
}
