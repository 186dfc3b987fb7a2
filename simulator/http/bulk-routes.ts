import { Refusal } from '../world/refusal';
import type { Route } from './call';

/** The status of a bulk operation, the same in both generations. */
export const BULK_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/bulk-ops-requests/:id',
    generations: ['guide', 'current'],
    operation: () => 'bulkStatus',
    run: (world, call) => {
      const operation = world.bulk.find(call.id);
      if (!operation) throw new Refusal(404, 'There is no bulk operation with this id.');
      return { status: 200, body: world.operationView(operation) };
    },
  },
];
