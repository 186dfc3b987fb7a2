import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { connectionNode, variableOf } from './connection';
import { runConnectionTest, type ConnectionTestRequest } from './connection-test';
import { contextStores, isPersistent } from './context-store';
import { TagPicker } from './tag-picker';

/** What answers the requests of the dialogs; `serveAdminApi` describes them. */
export class AdminHandlers {
  readonly #tagPicker: TagPicker;

  constructor(private readonly RED: NodeAPI) {
    this.#tagPicker = new TagPicker(RED);
  }

  sendProblem(request: Request, response: Response): void {
    const node = connectionNode(this.RED, request.query['id']);
    if (node === undefined || node.client !== undefined) {
      response.json({});
      return;
    }
    const { property, variable } = node.problem;
    response.json({ problem: { property, ...(variable === undefined ? {} : { variable }) } });
  }

  sendVariable(request: Request, response: Response): void {
    const { id, name } = request.query;
    const node = connectionNode(this.RED, id);
    response.json({ set: typeof name === 'string' && variableOf(this.RED, node, name) !== undefined });
  }

  async test(request: Request, response: Response): Promise<void> {
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      response.status(415).json({ message: 'send application/json' });
      return;
    }
    response.json(await runConnectionTest(this.RED, (request.body ?? {}) as ConnectionTestRequest));
  }

  async sendTags(request: Request, response: Response): Promise<void> {
    const tags = await this.#tagPicker.names(request.query['id']).catch(() => []);
    response.json({ tags });
  }

  sendStores(response: Response): void {
    const stores = contextStores(this.RED).map((name) => [name, isPersistent(this.RED, name)]);
    response.json({ stores: { '': true, ...Object.fromEntries(stores) } as Record<string, boolean> });
  }
}
