import type { Settings } from '../settings';
import type { RowFailure } from '../state/bulk-operations';
import { splitRows } from '../state/csv';
import { Refusal } from '../state/refusal';
import type { ServiceState } from '../state/service-state';
import type { ServiceResponse } from '../wire/response';
import type { OperationName } from '../wire/operations';
import { jsonObject, type Call, type Route } from './route';

/** Claiming: one device or many, in both versions. */
export const CLAIM_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/identities/claimed-devices',
    versions: ['guide'],
    operation: () => 'claim',
    run: claim,
  },
  {
    method: 'POST',
    path: '/claimed-devices/bulk',
    versions: ['guide'],
    operation: () => 'bulkClaim',
    run: bulkClaim,
  },
  {
    method: 'POST',
    path: '/claimed-devices',
    versions: ['current'],
    operation: whichClaim,
    run: (state, call) => {
      const operation = whichClaim(call);
      if (operation === 'bulkClaimNow') return bulkClaimNow(state, call);
      return operation === 'dryRun' ? dryRun(state, call) : claim(state, call);
    },
  },
];

/** Nordic's own tool sends its CSV without a Content-Type (nrf-cloud-api.md §3), so none means CSV here. */
function whichClaim(call: Call): OperationName {
  if (call.contentType === 'text/csv' || call.contentType === '') return 'bulkClaimNow';
  return isDryRun(call) ? 'dryRun' : 'claim';
}

function isDryRun(call: Call): boolean {
  return call.query['dryrun'] === 'true';
}

/** 201 is confirmed; 200 for a device that was the team's already is our choice. */
function claim(state: ServiceState, call: Call): ServiceResponse {
  const { claimToken, tags } = jsonObject(call);
  const { device, fresh } = state.claim(claimToken, tags);
  return { status: fresh ? 201 : 200, body: state.deviceView(device) };
}

/** 202 without a body: the device can be claimed (confirmed by Nordic's tool). */
function dryRun(state: ServiceState, call: Call): ServiceResponse {
  const { claimToken, tags } = jsonObject(call);
  state.tryClaim(claimToken, tags);
  return { status: 202 };
}

function bulkClaim(state: ServiceState, call: Call): ServiceResponse {
  if (call.contentType !== 'text/csv') throw new Refusal(415, 'Content-Type must be text/csv.');
  const rows = splitRows(call.body, state.settings.rowCap);
  return { status: 202, body: { bulkOpsRequestId: state.bulk.start(call.body, rows).id } };
}

async function bulkClaimNow(state: ServiceState, call: Call): Promise<ServiceResponse> {
  if (isDryRun(call)) throw new Refusal(400, 'A dry run takes one claim token as JSON.');
  const rows = splitRows(call.body, state.settings.rowCap);
  const { claimedIds, failed } = await state.bulk.claimRows(rows);
  const body = { claimedIds, failed: failed.map((failure) => failedItem(failure, state.settings.failedShape)) };
  if (failed.length === 0) return { status: 201, body };
  if (claimedIds.length > 0) return { status: state.settings.partialStatus, body };
  return { status: state.settings.allFailedStatus, body: { message: 'No device was claimed.', ...body } };
}

/** The shape of these items is not public: all of these are our choice. Rows count from 0. */
function failedItem(failure: RowFailure, shape: Settings['failedShape']): unknown {
  switch (shape) {
    case 'object':
      return failure;
    case 'text':
      return `[${failure.row}]: ${failure.message}`;
    case 'id':
      return failure.id ?? failure.claimToken;
    case 'index':
      return failure.row;
  }
}
