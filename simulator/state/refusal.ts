/** Something the service says no to: an HTTP status and the sentence in the body's `message` (the simulator's choice). */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}
