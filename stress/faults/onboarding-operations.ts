import assert from 'node:assert/strict';
import { rootCertificates } from 'node:tls';
import type { Message } from '../../test/support/node-rig';
import type { Group } from './fault-table';
import {
  DEVICES,
  first,
  is,
  NOT_NEEDED,
  of,
  tagPath,
  TAGS,
  with_,
  type CellFault,
  type NodeStatus,
  type Operation,
  type World,
} from './operation';

const check = of('nrfcloud-check', 2);
const rules = of('nrfcloud-rules', 1);
const command = of('nrfcloud-command', 3);
const onboarding = of('nrfcloud-onboarding', 3);

const RULES = /^\/provisioning-rules$/;
const COMMANDS = /^\/claimed-devices\/[^/]+\/provisioning$/;
const COMMAND = /^\/claimed-devices\/[^/]+\/provisioning\/[^/]+$/;
/** For what is requested by the same path in both versions of the API. */
const ONE = ['guide'] as const;
/** A list of rules may be empty, and other things than rules in it are ignored. */
const LIST_OF_RULES: readonly Group[] = ['empty body', 'array body'];

/** Green if a result left by the first output, else red. */
const byOutput = ([good = []]: Message[][]): NodeStatus => (good.length > 0 ? 'green dot' : 'red ring');

/** The shortest certificate at hand: the lists of rules hold it once for each cell. */
const CERTIFICATE = rootCertificates.reduce((shortest, one) => (one.length < shortest.length ? one : shortest));

/** Creates an active rule with a tag and name of its own. */
const addRule = ({ simulator }: World, cell: string): void => {
  simulator.addRule({ name: cell, active: true, commands: [{ request: { finished: {} } }], tags: [cell] });
};

/** A check of a tag that is there, in an active rule: which checks the struck request decides, and how. */
const checkOf =
  (names: readonly string[], decides: (group: Group, status: number) => boolean | null): Operation['prepare'] =>
  async (world, cell, version) => {
    await world.ask('POST', tagPath(version), { tag: cell });
    addRule(world, cell);
    return {
      msg: { payload: 'untouched' },
      config: { tags: cell },
      status: byOutput,
      check: (outputs, { fault }) => {
        const [msg] = outputs.flat();
        assert.equal(outputs.flat().length, 1);
        assert.equal(msg!['payload'], 'untouched');
        const { ready, checks } = msg!['check'] as { ready: boolean; checks: { name: string; ok: boolean | null }[] };
        const told = new Map(checks.map(({ name, ok }) => [name, ok]));
        assert.equal(ready, ![...told.values()].includes(false));
        assert.equal(outputs[ready ? 0 : 1]!.length, 1);
        const struck = names.map((name) => told.get(name === 'tag' ? `tag:${cell}` : name));
        assert.ok(struck.includes(decides(fault.group, fault.status ?? 0)), `${names.join()}: ${struck.join()}`);
        // Without the service nothing else can be told.
        if (told.get('connection') !== true || told.get('key') !== true) return;
        for (const name of ['account', 'role', 'api', `tag:${cell}`, 'rule']) {
          if (!names.some((one) => name.startsWith(one))) assert.equal(told.get(name), true, name);
        }
      },
    };
  };

const isWhole = (group: Group): boolean => group === 'news' || group === 'unknown status';
const isRefused = (group: Group, status: number): boolean => group === 'refusal' && [401, 403].includes(status);

/** Creates a rule with a tag of its own. */
const newRule: Operation['prepare'] = ({ simulator }, cell) => ({
  msg: { payload: 'untouched' },
  config: { operation: 'ensure', tag: cell, ruleName: cell, certificates: 'own', content: CERTIFICATE },
  check: (outputs) => assert.deepEqual(first(outputs)['payload'].tags, [cell]),
  effects: () => simulator.rules().filter(({ tags }) => (tags as string[]).includes(cell)).length,
});

/** Sends a command to a device of its own, which contacts the service as soon as the command is there. */
const commandFor =
  (wait: boolean, isPollStruck = false): Operation['prepare'] =>
  ({ simulator }, cell) => {
    const [id = ''] = simulator.fill(1, [cell]);
    return {
      msg: { payload: id },
      config: { wait },
      onWorked: ({ method, path }) => {
        if (wait && method === 'POST' && COMMANDS.test(path)) simulator.contact(id);
      },
      status: byOutput,
      check: (outputs, { fault }) => {
        // Only PENDING and IN_PROGRESS are waited for.
        const isOtherEnd = isPollStruck && fault.group === 'unknown status';
        const { payload } = first(outputs.slice(0, 2), isOtherEnd ? 1 : 0);
        assert.equal(payload.deviceId, id);
        assert.equal(payload.id, simulator.commands(id)[0]?.['id']);
        if (wait) assert.equal(payload.status, isOtherEnd ? 'PONDERING' : 'SUCCEEDED');
      },
      effects: () => simulator.commands(id).length,
    };
  };

/** Follows one device that is onboarded already, or never is. */
const followOne =
  (isOnboarded: boolean, isSeen: (on: CellFault) => boolean): Operation['prepare'] =>
  ({ simulator }, cell) => {
    const [id = ''] = simulator.fill(1, [cell]);
    if (isOnboarded) simulator.onboard(id);
    return {
      msg: { payload: id },
      status: byOutput,
      check: (outputs, on) => {
        const seen = isSeen(on);
        const msg = first(outputs, seen ? 0 : 1);
        assert.equal(msg['deviceId'], id);
        // Trouble is never taken for a reason against the device.
        if (!seen) assert.equal(msg['payload'].stage, 'waiting');
      },
    };
  };

/** The operations between a claim and a connected device. */
export const ONBOARDING_OPERATIONS: readonly Operation[] = [
  check({
    name: 'check (devices)',
    step: 'check',
    strikes: is('GET', DEVICES),
    content: ['array body'],
    shows: false,
    prepare: checkOf(['key', 'connection'], (group, status) =>
      isWhole(group) ? true : isRefused(group, status) ? false : null,
    ),
  }),
  check({
    name: 'check (account)',
    step: 'check',
    host: 'deviceApi',
    strikes: is('GET', /^\/account$/),
    shows: false,
    versions: ONE,
    prepare: checkOf(['account', 'role'], (group, status) =>
      isWhole(group) ? true : isRefused(group, status) ? false : null,
    ),
  }),
  check({
    name: 'check (tags)',
    step: 'check',
    strikes: is('GET', TAGS),
    shows: false,
    // A list without names tells nothing about a tag.
    prepare: checkOf(['tag', 'api'], (group) => (isWhole(group) ? true : null)),
  }),
  check({
    name: 'check (rules)',
    step: 'check',
    strikes: is('GET', RULES),
    shows: false,
    versions: ONE,
    prepare: checkOf(['rule'], (group) => {
      // A rule without a known status may be active or not.
      if (group === 'news') return true;
      return LIST_OF_RULES.includes(group) ? false : null;
    }),
  }),

  rules({
    name: 'rules: list',
    step: 'list rules',
    strikes: is('GET', RULES),
    content: LIST_OF_RULES,
    versions: ONE,
    prepare: (world, cell) => {
      addRule(world, cell);
      return {
        msg: { payload: 'ignored' },
        config: { operation: 'list' },
        check: (outputs) => {
          const all = first(outputs)['payload'] as { tags: string[] }[];
          assert.ok(all.some(({ tags }) => tags.includes(cell)));
        },
      };
    },
  }),
  rules({
    name: 'rules: ensure, new (list)',
    step: 'list rules',
    strikes: is('GET', RULES),
    content: LIST_OF_RULES,
    shows: false,
    versions: ONE,
    prepare: newRule,
  }),
  rules({
    name: 'rules: ensure, new (tag)',
    step: 'create tag',
    strikes: is('POST', TAGS),
    content: NOT_NEEDED,
    shows: false,
    prepare: newRule,
  }),
  rules({
    name: 'rules: ensure, new (create)',
    step: 'create rule',
    strikes: is('POST', RULES),
    versions: ONE,
    prepare: newRule,
  }),
  rules({
    name: 'rules: ensure, existing',
    step: 'find a rule',
    strikes: is('GET', RULES),
    shows: false,
    versions: ONE,
    prepare: async (world, cell, version) => {
      const { effects, ...prepared } = await newRule(world, cell, version);
      addRule(world, cell);
      const harm = (): number => effects!() - 1;
      return { ...prepared, harm, check: (outputs) => assert.equal(first(outputs)['existed'], true) };
    },
  }),

  command({
    name: 'command: create',
    step: 'create command',
    strikes: is('POST', COMMANDS),
    isSentOnce: true,
    // The result has only the fields of the contract.
    shows: false,
    versions: ONE,
    prepare: commandFor(false),
  }),
  command({
    name: 'command: create and wait (create)',
    step: 'create command',
    strikes: is('POST', COMMANDS),
    isSentOnce: true,
    shows: false,
    versions: ONE,
    prepare: commandFor(true),
  }),
  command({
    name: 'command: create and wait (poll)',
    step: 'poll command',
    strikes: is('GET', COMMAND),
    polls: true,
    shows: false,
    versions: ONE,
    prepare: commandFor(true, true),
  }),

  onboarding({
    name: 'onboarding (device management)',
    step: 'follow',
    host: 'deviceApi',
    strikes: is('GET', /^\/devices/),
    polls: true,
    versions: ONE,
    prepare: followOne(true, ({ fault, when }) => when === 'once' || isWhole(fault.group)),
  }),
  onboarding({
    name: 'onboarding (why not)',
    step: 'follow',
    strikes: ({ host }) => host === 'service',
    polls: true,
    shows: false,
    versions: ONE,
    prepare: (...all) =>
      with_(
        { timeout: 0.2 },
        followOne(false, () => false),
        all,
      ),
  }),
];
