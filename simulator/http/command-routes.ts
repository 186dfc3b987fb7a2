import type { Settings } from '../settings';
import { checkCommand } from '../state/check-command';
import { commandView } from '../state/onboarding-views';
import { Refusal } from '../state/refusal';
import type { ServiceState } from '../state/service-state';
import type { ServiceResponse } from '../wire/response';
import { jsonObject, type Call, type Route } from './route';

const VERSIONS = ['guide', 'current'] as const;

/** Provisioning commands of a device, the same in both API versions. */
export const COMMAND_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/claimed-devices/:id/provisioning',
    versions: VERSIONS,
    operation: () => 'createCommand',
    run: createCommand,
  },
  {
    method: 'GET',
    path: '/claimed-devices/:id/provisioning',
    versions: VERSIONS,
    operation: () => 'listCommands',
    run: listCommands,
  },
  {
    method: 'GET',
    path: '/claimed-devices/:id/provisioning/:commandId',
    versions: VERSIONS,
    operation: () => 'getCommand',
    run: (state, call) => {
      const command = state.commands.get(state.device(call.id).id, call.commandId);
      return { status: 200, body: commandView(command, state.settings) };
    },
  },
];

/** 201 and an object with `id` are confirmed. */
function createCommand(state: ServiceState, call: Call): ServiceResponse {
  const body = jsonObject(call);
  const device = state.commandTarget(call.id);
  const command = state.commands.create(device.id, checkCommand(body, state.settings.commandCheck));
  return { status: 201, body: commandView(command, state.settings) };
}

/** That there is such a list is inferred; its envelope is our choice. */
function listCommands(state: ServiceState, call: Call): ServiceResponse {
  const { commandList } = state.settings;
  if (commandList === '404') throw new Refusal(404, 'Not Found');
  if (commandList === '405') throw new Refusal(405, 'Method Not Allowed');
  const items = state.commands.shown(state.device(call.id).id).map((command) => commandView(command, state.settings));
  return { status: 200, body: inEnvelope(items, commandList) };
}

function inEnvelope(items: unknown[], shape: Settings['commandList']): unknown {
  if (shape === 'array') return items;
  return shape === 'commands' ? { commands: items } : { items };
}
