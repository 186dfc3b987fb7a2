/** A long CSV with csv-parse and undici alone: no checks, no duplicates, no retries, no Node-RED. */
import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { Pool, type Dispatcher } from 'undici';
import { serve } from './peer';

/** Rows to be claimed. */
export interface Rows {
  /** Path of a CSV file: a token and tags in each row. */
  path: string;
  /** Base URL of the service; without one the rows are only read. */
  url?: string;
}

const ROWS_PER_UPLOAD = 1000;
const HEADERS = { authorization: 'Bearer bench', 'content-type': 'text/csv' };

serve(async ({ path, url }: Rows) => {
  const { origin, pathname } = new URL(url ?? 'http://localhost');
  const pool = new Pool(origin);
  // The next part is read while one is on its way.
  let sending: Promise<void> = Promise.resolve();
  const send = async (csv: string): Promise<void> => {
    await sending;
    if (url !== undefined) sending = answered(pool.request(upload(pathname, csv)));
  };
  let rows = 0;
  let csv = '';
  for await (const record of createReadStream(path).pipe(parse({ relax_column_count: true }))) {
    const [token, tags] = record as [string, string];
    csv += `${token},"${tags}"\n`;
    if (++rows % ROWS_PER_UPLOAD > 0) continue;
    await send(csv);
    csv = '';
  }
  if (csv !== '') await send(csv);
  await sending;
  await pool.close();
});

function upload(pathname: string, body: string): Dispatcher.RequestOptions {
  return { method: 'POST', path: `${pathname}/claimed-devices/bulk`, headers: HEADERS, body };
}

async function answered(request: Promise<Dispatcher.ResponseData>): Promise<void> {
  const { statusCode, body } = await request;
  await body.json();
  if (statusCode !== 202) throw new Error(`the service answered ${statusCode}`);
}
