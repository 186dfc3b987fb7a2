/** A client of the example that takes a CSV by HTTP and responds with a report of every row. */
export class UploadClient {
  constructor(private readonly url: string) {}

  /** @param type the content type of a text */
  post(body: string | FormData, query = '', type = 'text/csv'): Promise<Response> {
    const headers = typeof body === 'string' ? { headers: { 'content-type': type } } : {};
    return fetch(`${this.url}${query}`, { method: 'POST', body, ...headers });
  }

  async reportOf(body: string | FormData): Promise<Record<string, any>> {
    return (await (await this.post(body)).json()) as Record<string, any>;
  }
}

/** Line, outcome and code of each row of a report. */
export function fates(report: Record<string, any>): unknown {
  return (report['report'] as Record<string, unknown>[]).map(({ line, outcome, code }) => [line, outcome, code]);
}
