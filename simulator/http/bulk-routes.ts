import { Refusal } from '../state/refusal';
import type { Route } from './route';

/** The status of a bulk operation, the same in both versions. */
export const BULK_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/bulk-ops-requests/:id',
    versions: ['guide', 'current'],
    operation: () => 'bulkStatus',
    run: (state, call) => {
      const operation = state.bulk.find(call.id);
      if (!operation) throw new Refusal(404, 'There is no bulk operation with this id.');
      return { status: 200, body: state.operationView(operation) };
    },
  },
];
