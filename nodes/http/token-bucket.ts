/** A budget of tokens: each use takes one, each success gives one back, up to the capacity. */
export class TokenBucket {
  #tokens: number;

  constructor(private readonly capacity: number) {
    this.#tokens = capacity;
  }

  /** Takes a token. @returns false if there is none */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Hot path: called for every response. */
  give(): void {
    if (this.#tokens < this.capacity) this.#tokens++;
  }

  /** Fills the budget up to a part of its capacity. */
  fill(part: number): void {
    this.#tokens = Math.max(this.#tokens, this.capacity * part);
  }
}
