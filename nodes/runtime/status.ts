import type { Node, NodeStatus } from 'node-red';
import type { ErrorCode } from '../api/errors';

/** Catalog of the texts that all nodes share; the editor looks keys up in each browser's own language. */
export const SHARED = 'node-red-contrib-nrfcloud-provisioning/nrfcloud-connection:nrfcloud-connection';

/** Statuses that differ in number only are not sent more often than this. */
const STATUS_INTERVAL_MS = 200;

/** The status texts of one node, as keys of its catalog. */
export interface StatusTexts {
  working: string;
  done: string;
}

/** How the work of a message ended: which colour the status has then, and its text as a key of the node's catalog. */
export interface Ending {
  level: 'done' | 'partial' | 'failed';
  text?: string;
}

/** One message's entry of its node's status. */
export interface MessageStatus {
  /** The request waits before a retry, or goes on. */
  waiting(waiting: boolean): void;
  /** What has been done so far, in plain text. */
  progress(text: string): void;
  /** What the message is about, in other texts than the node's. */
  describe(texts: StatusTexts): void;
  /** The message goes on without its handler, until it is ended. */
  pend(): void;
  /** How the end is shown if the message ends in an error; without it, in red with the error. */
  failAs(ending: Ending): void;
  /** The message ended; with the code of its error, if it failed. */
  end(code?: ErrorCode, ending?: Ending): void;
}

type Colour = 'blue dot' | 'yellow ring' | 'yellow dot' | 'green dot' | 'red ring';

const COLOURS: Record<Ending['level'], Colour> = { done: 'green dot', partial: 'yellow dot', failed: 'red ring' };

interface Shown {
  colour: Colour;
  text: string;
}

/**
 * A node's status, made of all messages that are on their way: blue while any is worked on, yellow while all of them
 * wait, and when none is left the colour of the last ending.
 */
export class StatusDisplay {
  readonly #entries = new Set<MessageStatusEntry>();
  #waiting = 0;
  #queued = 0;
  #pending = 0;
  #trouble = false;
  #pendingText: string | undefined;
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
    const entry = new MessageStatusEntry(this, this.texts);
    this.#entries.add(entry);
    this.#show();
    return entry;
  }

  /** Called when an entry has changed. */
  changed(entry: MessageStatusEntry, waiting: boolean): void {
    if (entry.isWaiting !== waiting) this.#waiting += waiting ? 1 : -1;
    entry.isWaiting = waiting;
    this.#show();
  }

  /** A message has ended. */
  end(entry: MessageStatusEntry, code?: ErrorCode, ending?: Ending): void {
    this.#entries.delete(entry);
    if (code !== undefined && ending === undefined) {
      this.#last = { colour: 'red ring', text: `${SHARED}.error.${code}` };
    } else {
      const { level, text }: Ending = ending ?? { level: 'done' };
      this.#last = { colour: COLOURS[level], text: text ?? entry.text ?? entry.texts.done };
    }
    this.changed(entry, false);
  }

  /** Sets how many messages have come in, but have not begun. */
  setQueued(messages: number): void {
    this.#queued = messages;
    this.#show();
  }

  /** A message is pending: its work goes on without a handler. */
  pend(entry: MessageStatusEntry): void {
    this.#entries.delete(entry);
    this.#pending++;
    this.changed(entry, false);
  }

  /** A pending message is taken up again, or was recorded before a restart and is pending now. */
  unpend(change = -1): void {
    this.#pending = Math.max(0, this.#pending + change);
    this.#show();
  }

  /** Shows that pending work waits for the service, or that it goes on. */
  setTrouble(trouble: boolean): void {
    this.#trouble = trouble;
    this.#show();
  }

  /** Shows a text of numbers and symbols for all pending work; `undefined` for the number of messages. */
  setPendingText(text: string | undefined): void {
    this.#pendingText = text;
    this.#show();
  }

  /** Shows a note of the shared catalog until the next message. */
  note(key: string): void {
    this.#last = { colour: 'yellow ring', text: `${SHARED}.status.${key}` };
    this.#show();
  }

  /** Shows an error of the node itself until the next message. */
  setProblem(code: ErrorCode): void {
    this.#last = { colour: 'red ring', text: `${SHARED}.error.${code}` };
    this.#show();
  }

  /** Takes the status away for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.node.status({});
  }

  #colour(): Colour | undefined {
    if (this.#entries.size === 0 && this.#pending === 0) return this.#last?.colour;
    const idle = this.#pending === 0 || this.#trouble;
    return idle && this.#waiting === this.#entries.size ? 'yellow ring' : 'blue dot';
  }

  #text(): string | undefined {
    const { size } = this.#entries;
    if (size === 0 && this.#pending === 0) return this.#last?.text;
    if (this.#pending > 0 && this.#pendingText !== undefined) return this.#pendingText;
    // A number cannot be put into a translated text, so it is shown alone.
    const all = size + this.#queued + this.#pending;
    if (all > 1) return `${all} …`;
    if (this.#colour() === 'yellow ring') return `${SHARED}.status.waiting`;
    const [only] = this.#entries;
    return only?.text ?? (only?.texts ?? this.texts).working;
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
  /** Counted by the display. */
  isWaiting = false;
  text: string | undefined;
  #failure: Ending | undefined;

  constructor(
    private readonly display: StatusDisplay,
    public texts: StatusTexts,
  ) {}

  waiting(waiting: boolean): void {
    this.display.changed(this, waiting);
  }

  progress(text: string): void {
    this.text = text;
    this.display.changed(this, this.isWaiting);
  }

  describe(texts: StatusTexts): void {
    this.texts = texts;
    // Progress belongs to what the message did before.
    this.text = undefined;
    this.display.changed(this, this.isWaiting);
  }

  pend(): void {
    this.display.pend(this);
  }

  failAs(ending: Ending): void {
    this.#failure = ending;
  }

  end(code?: ErrorCode, ending?: Ending): void {
    this.display.end(this, code, code === undefined ? ending : this.#failure);
  }
}
