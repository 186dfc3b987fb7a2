import assert from 'node:assert/strict';
import type { Simulator } from '../../simulator/index';
import {
  DEVICE,
  first,
  is,
  named,
  NOT_NEEDED,
  of,
  tagPath,
  TAG,
  TAGS,
  with_,
  type Operation,
  type Prepared,
} from './operation';

const tags = of('nrfcloud-tags', 1);
const device = of('nrfcloud-device', 1);

/** A tag that is there. */
const tagFor =
  (
    order: (id: string, cell: string) => unknown,
    look: (cell: string, id: string, simulator: Simulator) => Partial<Prepared>,
  ): Operation['prepare'] =>
  async ({ simulator, ask }, cell, version) => {
    const { id } = await ask('POST', tagPath(version), { tag: cell, description: 'as it was' });
    return {
      msg: { payload: order(id, cell) },
      check: (outputs) => {
        const { payload } = first(outputs);
        if (typeof payload === 'object' && payload !== null && 'id' in payload) assert.equal(payload.id, id);
      },
      ...look(cell, id, simulator),
    };
  };

/** A tag that is not there. */
const newTag: Operation['prepare'] = ({ simulator }, cell) => ({
  msg: { payload: { tag: cell, description: 'new' } },
  check: (outputs) => void first(outputs),
  effects: () => named(simulator, cell).length,
});

/** A device that is there. */
const deviceFor =
  (
    state: 'free' | 'blocked',
    effects?: (device: Record<string, unknown> | undefined) => boolean,
  ): Operation['prepare'] =>
  async ({ simulator, ask }, cell) => {
    const [id = ''] = simulator.fill(1, [cell]);
    if (state === 'blocked') await ask('POST', `/claimed-devices/${id}/block`);
    return {
      msg: { payload: id },
      check: (outputs) => {
        const { payload } = first(outputs);
        if (typeof payload === 'object' && payload !== null && 'id' in payload) assert.equal(payload.id, id);
      },
      ...(effects === undefined ? {} : { effects: () => Number(effects(simulator.device(id))) }),
    };
  };

/** The operations of tags and of single devices. */
export const TAG_OPERATIONS: readonly Operation[] = [
  tags({
    name: 'tags: list',
    step: 'list tags',
    content: ['array body'],
    strikes: is('GET', TAGS),
    prepare: () => ({
      msg: { payload: 'ignored' },
      config: { operation: 'list' },
      check: (outputs) => assert.ok(Array.isArray(first(outputs)['payload'].items)),
    }),
  }),
  tags({
    name: 'tags: create',
    step: 'create tag',
    strikes: is('POST', TAGS),
    content: NOT_NEEDED,
    prepare: (...all) => with_({ operation: 'create' }, newTag, all),
  }),
  tags({
    name: 'tags: ensure, new (list)',
    step: 'list tags',
    content: ['array body'],
    strikes: is('GET', TAGS),
    shows: false,
    prepare: (...all) => with_({ operation: 'ensure' }, newTag, all),
  }),
  tags({
    name: 'tags: ensure, new (create)',
    step: 'create tag',
    strikes: is('POST', TAGS),
    content: NOT_NEEDED,
    prepare: (...all) => with_({ operation: 'ensure' }, newTag, all),
  }),
  tags({
    name: 'tags: ensure, existing',
    step: 'find a tag',
    strikes: is('GET', TAGS),
    prepare: (...all) =>
      with_(
        { operation: 'ensure' },
        tagFor(
          (_id, cell) => cell,
          (cell, _id, simulator) => ({ harm: () => named(simulator, cell).length - 1 }),
        ),
        all,
      ),
  }),
  tags({
    name: 'tags: get',
    step: 'get tag',
    strikes: is('GET', TAG),
    // An acknowledgement without a body.
    content: ['empty body'],
    prepare: (...all) =>
      with_(
        { operation: 'get' },
        tagFor(
          (id) => id,
          () => ({}),
        ),
        all,
      ),
  }),
  tags({
    name: 'tags: update (read)',
    step: 'read before update',
    strikes: is('GET', TAG),
    shows: false,
    prepare: (...all) => with_({ operation: 'update' }, changeTag, all),
  }),
  tags({
    name: 'tags: update (change)',
    step: 'update tag',
    strikes: is('PUT', TAG),
    content: NOT_NEEDED,
    prepare: (...all) => with_({ operation: 'update' }, changeTag, all),
  }),
  tags({
    name: 'tags: delete',
    step: 'delete tag',
    // A response that is not about the tag is confirmed by a get, and not passed on.
    shows: false,
    strikes: is('DELETE', TAG),
    content: NOT_NEEDED,
    prepare: (...all) =>
      with_(
        { operation: 'delete' },
        tagFor(
          (id) => ({ id }),
          (cell, _id, simulator) => ({ effects: () => 1 - named(simulator, cell).length }),
        ),
        all,
      ),
  }),
  tags({
    name: 'tags: device',
    step: 'tags of device',
    strikes: is('GET', TAG),
    content: ['empty body'],
    versions: ['guide'],
    prepare: (...all) => with_({ operation: 'device' }, deviceFor('free'), all),
  }),
  tags({
    name: 'tags: device',
    step: 'tags of device',
    strikes: is('GET', DEVICE),
    content: ['empty body'],
    // Only the device's tags are given.
    shows: false,
    versions: ['current'],
    prepare: (...all) => with_({ operation: 'device' }, deviceFor('free'), all),
  }),

  device({
    name: 'device: get',
    step: 'get device',
    strikes: is('GET', DEVICE),
    content: ['empty body'],
    prepare: (...all) => with_({ operation: 'get' }, deviceFor('free'), all),
  }),
  device({
    name: 'device: block',
    step: 'change of a device',
    strikes: is('POST', /\/block$/),
    content: NOT_NEEDED,
    prepare: (...all) =>
      with_(
        { operation: 'block' },
        deviceFor('free', (one) => one?.['status'] === 'BLOCKED'),
        all,
      ),
  }),
  device({
    name: 'device: unblock',
    step: 'change of a device',
    strikes: is('POST', /\/unblock$/),
    content: NOT_NEEDED,
    prepare: (...all) =>
      with_(
        { operation: 'unblock' },
        deviceFor('blocked', (one) => one?.['status'] !== 'BLOCKED'),
        all,
      ),
  }),
  device({
    name: 'device: unclaim',
    step: 'unclaim',
    // As above.
    shows: false,
    strikes: is('DELETE', DEVICE),
    content: NOT_NEEDED,
    prepare: (...all) =>
      with_(
        { operation: 'unclaim', allowUnclaim: true },
        deviceFor('free', (one) => one === undefined),
        all,
      ),
  }),
];
/** A new description for a tag; its name has to be read first. */
function changeTag(...[world, cell, version]: Parameters<Operation['prepare']>): ReturnType<Operation['prepare']> {
  return tagFor(
    (id) => ({ id, description: 'as it is now' }),
    (name, _id, simulator) => ({
      effects: () => {
        const [tag] = named(simulator, name);
        return Number(tag?.['description'] === 'as it is now');
      },
    }),
  )(world, cell, version);
}
