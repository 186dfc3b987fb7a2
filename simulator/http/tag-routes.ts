import type { ApiVersion } from '../settings';
import { Refusal } from '../state/refusal';
import type { ServiceState } from '../state/service-state';
import type { ServiceResponse } from '../wire/response';
import { jsonObject, type Call, type Route } from './route';

/**
 * Tags under the paths of both versions. Status codes and shapes are our choice: 201, 200, 204; an object with an id;
 * `{ items }`.
 */
export const TAG_ROUTES: readonly Route[] = [
  ...tagRoutes('/claimed-devices/tags', 'guide'),
  ...tagRoutes('/provisioning/tags', 'current'),
];

function tagRoutes(path: string, version: ApiVersion): Route[] {
  const versions = [version];
  return [
    { method: 'GET', path, versions, operation: () => 'listTags', run: listTags },
    {
      method: 'POST',
      path,
      versions,
      operation: () => 'createTag',
      run: (state, call) => {
        const { tag, description } = jsonObject(call);
        return { status: 201, body: state.tagView(state.tags.create(tag, description)) };
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      versions,
      operation: () => 'getTag',
      run: (state, call) => getTag(state, call, version),
    },
    {
      method: 'PUT',
      path: `${path}/:id`,
      versions,
      operation: () => 'updateTag',
      run: (state, call) => {
        const { tag, description } = jsonObject(call);
        return { status: 200, body: state.tagView(state.tags.update(call.id, tag, description)) };
      },
    },
    {
      method: 'DELETE',
      path: `${path}/:id`,
      versions,
      operation: () => 'deleteTag',
      run: (state, call) => {
        state.tags.remove(call.id);
        return { status: 204 };
      },
    },
  ];
}

function listTags(state: ServiceState): ServiceResponse {
  const items = state.tags.all().map((tag) => state.tagView(tag));
  return { status: 200, body: state.settings.tagListShape === 'array' ? items : { items } };
}

/** The guide calls this id a device's in one sentence and uses it as a tag's in the next: its path accepts both. */
function getTag(state: ServiceState, call: Call, version: ApiVersion): ServiceResponse {
  const tag = state.tags.find(call.id);
  if (tag) return { status: 200, body: state.tagView(tag) };
  const device = version === 'guide' ? state.devices.find(call.id.toLowerCase()) : undefined;
  if (!device) throw new Refusal(404, 'There is no tag with this id.');
  const items = device.tags.filter((one) => !one.deleted).map((one) => state.tagView(one));
  return { status: 200, body: state.settings.tagListShape === 'array' ? items : { items } };
}
