/** Lists devices with undici alone: page after page, no checks, no retries, no Node-RED. */
import { Pool } from 'undici';
import { serve } from './peer';

/** A list to be read. */
export interface List {
  /** Base URL of the service. */
  url: string;
}

interface Page {
  items: unknown[];
  pageNextToken?: string;
}

serve(async ({ url }: List) => {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin);
  const headers = { authorization: 'Bearer bench' };
  let devices = 0;
  let query: string | undefined = '';
  while (query !== undefined) {
    const { body } = await pool.request({ method: 'GET', path: `${pathname}/claimed-devices${query}`, headers });
    const { items, pageNextToken } = (await body.json()) as Page;
    devices += items.length;
    query = pageNextToken === undefined ? undefined : `?pageNextToken=${pageNextToken}`;
  }
  await pool.close();
  return devices;
});
