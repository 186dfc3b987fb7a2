import type { Settings } from '../settings';
import type { RowFailure } from '../world/bulk';
import { splitRows } from '../world/csv';
import { Refusal } from '../world/refusal';
import type { World } from '../world/world';
import type { Answer } from './answer';
import { jsonObject, type Call, type OperationName, type Route } from './call';

/** Claiming: one device or many, in both generations. */
export const CLAIM_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/identities/claimed-devices',
    generations: ['guide'],
    operation: () => 'claim',
    run: claim,
  },
  {
    method: 'POST',
    path: '/claimed-devices/bulk',
    generations: ['guide'],
    operation: () => 'bulkClaim',
    run: bulkClaim,
  },
  {
    method: 'POST',
    path: '/claimed-devices',
    generations: ['current'],
    operation: whichClaim,
    run: (world, call) => {
      const operation = whichClaim(call);
      if (operation === 'bulkClaimNow') return bulkClaimNow(world, call);
      return operation === 'dryRun' ? dryRun(world, call) : claim(world, call);
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
function claim(world: World, call: Call): Answer {
  const { claimToken, tags } = jsonObject(call);
  const { device, fresh } = world.claim(claimToken, tags);
  return { status: fresh ? 201 : 200, body: world.deviceView(device) };
}

/** 202 without a body: the device can be claimed (confirmed by Nordic's tool). */
function dryRun(world: World, call: Call): Answer {
  const { claimToken, tags } = jsonObject(call);
  world.tryClaim(claimToken, tags);
  return { status: 202 };
}

function bulkClaim(world: World, call: Call): Answer {
  if (call.contentType !== 'text/csv') throw new Refusal(415, 'Content-Type must be text/csv.');
  const rows = splitRows(call.body, world.settings.rowCap);
  return { status: 202, body: { bulkOpsRequestId: world.bulk.start(call.body, rows).id } };
}

async function bulkClaimNow(world: World, call: Call): Promise<Answer> {
  if (isDryRun(call)) throw new Refusal(400, 'A dry run takes one claim token as JSON.');
  const rows = splitRows(call.body, world.settings.rowCap);
  const { claimedIds, failed } = await world.bulk.claimRows(rows);
  const body = { claimedIds, failed: failed.map((failure) => failedItem(failure, world.settings.failedShape)) };
  if (failed.length === 0) return { status: 201, body };
  if (claimedIds.length > 0) return { status: world.settings.partialStatus, body };
  return { status: world.settings.allFailedStatus, body: { message: 'No device was claimed.', ...body } };
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
