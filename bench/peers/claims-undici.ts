/** Claims with undici alone, the HTTP client that the product is built on: no checks, no retries, no Node-RED. */
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import { serve } from './peer';

/** Devices to be claimed. */
export interface Claims {
  /** Base URL of the service. */
  url: string;
  /** Path of a file with a token per line. */
  tokens: string;
  messages: number;
  /** Most requests at once. */
  concurrency: number;
}

const HEADERS = { authorization: 'Bearer bench', 'content-type': 'application/json' };

serve(async ({ url, tokens, messages, concurrency }: Claims) => {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: concurrency });
  const waiting = readFileSync(tokens, 'utf8').split('\n', messages);
  let next = 0;
  const claim = async (): Promise<void> => {
    while (next < waiting.length) {
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: `${pathname}/identities/claimed-devices`,
        headers: HEADERS,
        body: JSON.stringify({ claimToken: waiting[next++] }),
      });
      await body.json();
      if (statusCode !== 201) throw new Error(`the service answered ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, claim));
  await pool.close();
});
