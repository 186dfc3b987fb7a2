import { Refusal } from '../state/refusal';

/** Writes a page token: opaque, with characters that a query must escape. */
export function writePageToken(sequence: number): string {
  return `${Buffer.from(`after ${sequence}`).toString('base64')}+/=`;
}

/**
 * Reads the position after which a page starts.
 * @throws Refusal 400 for a token that {@link writePageToken} did not write
 */
export function readPageToken(token: string | undefined): number {
  if (token === undefined) return 0;
  const text = Buffer.from(token.replace(/\+\/=$/, ''), 'base64').toString();
  const sequence = /^after (\d+)$/.exec(text)?.[1];
  if (sequence === undefined || !token.endsWith('+/=')) throw new Refusal(400, 'pageNextToken is not one of ours.');
  return Number(sequence);
}

/**
 * Reads `pageLimit`.
 * @throws Refusal 400
 */
export function readPageLimit(text: string | undefined, standard: number, max: number): number {
  if (text === undefined) return standard;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Refusal(400, 'pageLimit is a whole number from 1 on.');
  return Math.min(Number(text), max);
}
