import { Refusal } from '../state/refusal';
import type { OnboardedDevice } from '../state/onboarded-devices';
import type { ServiceState } from '../state/service-state';
import type { ServiceResponse } from '../wire/response';
import { readPageLimit, readPageToken, writePageToken } from './paging';
import { jsonObject, type Call, type Route } from './route';

const VERSIONS = ['guide', 'current'] as const;
/** Most devices on a page, whatever `pageLimit` says. */
const MAX_PAGE_LIMIT = 1000;
/** Most rows of an upload (the limit of the vendor's tools). */
const MAX_ROWS = 1000;

/** nRF Cloud's device management API, on its own host. */
export const DEVICE_API_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/account', versions: VERSIONS, operation: () => 'account', run: account },
  { method: 'GET', path: '/devices', versions: VERSIONS, operation: () => 'listOnboarded', run: listDevices },
  { method: 'POST', path: '/devices', versions: VERSIONS, operation: () => 'uploadDevices', run: uploadDevices },
  {
    method: 'GET',
    path: '/devices/:id',
    versions: VERSIONS,
    operation: () => 'getOnboarded',
    run: (state, call) => {
      const device = state.onboarded.find(call.id);
      if (!device) throw new Refusal(404, 'There is no device with this id.');
      return { status: 200, body: state.onboardedView(device) };
    },
  },
  {
    method: 'PATCH',
    path: '/devices/:id/state',
    versions: VERSIONS,
    operation: () => 'changeState',
    run: changeState,
  },
  {
    method: 'GET',
    path: '/bulk-ops-requests/:id',
    versions: VERSIONS,
    operation: () => 'deviceBulkStatus',
    run: (state, call) => {
      const upload = state.uploads.find(call.id);
      if (!upload) throw new Refusal(404, 'There is no bulk operation with this id.');
      return { status: 200, body: upload };
    },
  },
];

/** The fields are confirmed by a real response of the vendor's service. */
function account(state: ServiceState, { viewer }: Call): ServiceResponse {
  const { tenantId, settings } = state;
  return {
    status: 200,
    body: {
      team: { tenantId, name: 'Simulated team' },
      role: viewer ? 'viewer' : settings.role,
      tags: [],
      plan: { name: 'DEVELOPER' },
      mqttEndpoint: 'mqtt.nrfcloud.com',
      mqttTopicPrefix: `prod/${tenantId}/`,
      ...settings.extras.account,
    },
  };
}

function listDevices(state: ServiceState, call: Call): ServiceResponse {
  const { settings } = state;
  const limit = readPageLimit(call.query['pageLimit'], settings.devicePageSize, MAX_PAGE_LIMIT);
  const ids = readDeviceIds(state, call);
  const page = ids === undefined ? pageOfAll(state, call, limit) : pageOfAsked(state, call, ids, limit);
  const withState =
    settings.listState === 'always' || (settings.listState === 'asked' && call.query['includeState'] === 'true');
  return {
    status: 200,
    body: {
      items: page.devices.map((device) => state.onboardedView(device, withState)),
      total: page.total,
      ...(page.next !== undefined && { pageNextToken: writePageToken(page.next) }),
    },
  };
}

interface DevicePage {
  devices: OnboardedDevice[];
  total: number;
  next?: number;
}

function pageOfAll(state: ServiceState, call: Call, limit: number): DevicePage {
  const { items, next } = state.onboarded.page(readPageToken(call.query['pageNextToken']), limit);
  return { devices: items, total: state.onboarded.size, ...(next !== undefined && { next }) };
}

/** Costs what was asked for, not what there is. A page token counts the devices that were found. */
function pageOfAsked(state: ServiceState, call: Call, ids: readonly string[], limit: number): DevicePage {
  const found = [...new Set(ids)].map((id) => state.onboarded.find(id)).filter((device) => device !== undefined);
  const start = readPageToken(call.query['pageNextToken']);
  const end = start + limit;
  return { devices: found.slice(start, end), total: found.length, ...(end < found.length && { next: end }) };
}

/** The ids that the list is limited to; undefined = all devices. */
function readDeviceIds(state: ServiceState, call: Call): string[] | undefined {
  const { deviceIdsParameter } = state.settings;
  const values = new URLSearchParams(call.url.replace(/^[^?]*/, '')).getAll('deviceIds');
  if (values.length === 0 || deviceIdsParameter === 'ignored') return undefined;
  if (deviceIdsParameter === 'refused') throw new Refusal(400, 'deviceIds is not a known parameter.');
  if (deviceIdsParameter === 'repeated') return values;
  return (deviceIdsParameter === 'both' ? values : values.slice(0, 1)).flatMap((value) => value.split(','));
}

/** 202 is confirmed. A new `command` makes a device that is onboarded contact the service (confirmed). */
function changeState(state: ServiceState, call: Call): ServiceResponse {
  const device = state.onboarded.find(call.id);
  if (!device) throw new Refusal(404, 'There is no device with this id.');
  const { desired } = jsonObject(call);
  const command = typeof desired === 'object' && desired !== null && 'command' in desired ? desired.command : undefined;
  if (Array.isArray(command) && command[0] === 1) state.contacts.contact(device.deviceId ?? device.id);
  return { status: 202 };
}

/**
 * Uploads devices with certificates of their own. Reads the first three columns; certificates are not checked, and the
 * operation ends at once (our choice).
 */
function uploadDevices(state: ServiceState, call: Call): ServiceResponse {
  const rows = call.body
    .replace(/"[^"]*"/g, (quoted) => quoted.replaceAll('\n', ' '))
    .split('\n')
    .filter(Boolean);
  if (rows.length === 0 || rows.length > MAX_ROWS) throw new Refusal(400, `An upload has 1 to ${MAX_ROWS} rows.`);
  const devices = rows.map((row) => {
    const [id = '', subType = '', tags = ''] = row.split(',');
    if (!/^[a-z0-9:_-]{1,128}$/i.test(id)) throw new Refusal(400, `${JSON.stringify(id)} is not a device id.`);
    return { id, subType, tags: tags === '' ? [] : tags.split('|') };
  });
  return { status: 202, body: { bulkOpsRequestId: state.uploads.add(devices).bulkOpsRequestId } };
}
