import type { Generation } from '../settings';
import { Refusal } from '../world/refusal';
import type { World } from '../world/world';
import type { Answer } from './answer';
import { jsonObject, type Call, type Route } from './call';

/**
 * Tags under the paths of both generations. Status codes and shapes are our choice: 201, 200, 204; an object with an id;
 * `{ items }`.
 */
export const TAG_ROUTES: readonly Route[] = [
  ...tagRoutes('/claimed-devices/tags', 'guide'),
  ...tagRoutes('/provisioning/tags', 'current'),
];

function tagRoutes(path: string, generation: Generation): Route[] {
  const generations = [generation];
  return [
    { method: 'GET', path, generations, operation: () => 'listTags', run: listTags },
    {
      method: 'POST',
      path,
      generations,
      operation: () => 'createTag',
      run: (world, call) => {
        const { tag, description } = jsonObject(call);
        return { status: 201, body: world.tagView(world.tags.create(tag, description)) };
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      generations,
      operation: () => 'getTag',
      run: (world, call) => getTag(world, call, generation),
    },
    {
      method: 'PUT',
      path: `${path}/:id`,
      generations,
      operation: () => 'updateTag',
      run: (world, call) => {
        const { tag, description } = jsonObject(call);
        return { status: 200, body: world.tagView(world.tags.update(call.id, tag, description)) };
      },
    },
    {
      method: 'DELETE',
      path: `${path}/:id`,
      generations,
      operation: () => 'deleteTag',
      run: (world, call) => {
        world.tags.remove(call.id);
        return { status: 204 };
      },
    },
  ];
}

function listTags(world: World): Answer {
  const items = world.tags.all().map((tag) => world.tagView(tag));
  return { status: 200, body: world.settings.tagListShape === 'array' ? items : { items } };
}

/** The guide calls this id a device's in one sentence and uses it as a tag's in the next: its path answers both. */
function getTag(world: World, call: Call, generation: Generation): Answer {
  const tag = world.tags.find(call.id);
  if (tag) return { status: 200, body: world.tagView(tag) };
  const device = generation === 'guide' ? world.devices.find(call.id.toLowerCase()) : undefined;
  if (!device) throw new Refusal(404, 'There is no tag with this id.');
  const items = device.tags.filter((one) => !one.deleted).map((one) => world.tagView(one));
  return { status: 200, body: world.settings.tagListShape === 'array' ? items : { items } };
}
