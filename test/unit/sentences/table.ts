/** Sentences by their case: a function that gives the sentence, or throws an error whose message it is. */
export type SentenceTable = Record<string, () => unknown>;

/** The sentence of a case: what it gives, or the message of what it throws. */
export async function sentenceOf(give: () => unknown): Promise<string> {
  try {
    return String(await give());
  } catch (error) {
    return (error as Error).message;
  }
}
