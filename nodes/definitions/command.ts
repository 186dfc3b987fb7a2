import { COMMAND_FIELDS, readCommand, readCommandIds, type ChosenCommand, type FieldName } from '../operations/command';
import { isOperation } from '../operations/operation-table';
import { endCancelled } from '../runtime/cancelled';
import { defineNode } from '../runtime/define-node';
import { fromMessage, typed, type Config } from '../runtime/inputs';
import { choice, flag, number, text } from '../runtime/settings';
import { CommandTracker, type CommandSettings } from '../work/command-tracker';

type Input = FieldName | 'device' | 'description' | 'command' | 'cancel';

interface Settings extends CommandSettings {
  command: ChosenCommand;
}

const usesInput = (name: string, { command = 'cloudAccessKeyGeneration' }: Config): boolean => {
  if (name === 'device' || name === 'cancel') return true;
  if (command === 'msg') return name === 'command';
  if (name === 'description') return true;
  return isOperation(COMMAND_FIELDS, command) && COMMAND_FIELDS[command].includes(name as FieldName);
};

export default defineNode<Input, Settings, CommandTracker>({
  operation: 'create command',
  inputs: {
    device: typed('payload', 'msg'),
    secTag: typed('16842753', 'str'),
    content: typed('', 'str'),
    attributes: typed('', 'str'),
    keyUsage: typed('101010000', 'str'),
    description: typed('', 'str'),
    requestInput: typed('', 'json'),
    command: fromMessage('command'),
    cancel: fromMessage('cancel'),
  },
  usesInput,
  settings: {
    command: choice<ChosenCommand>(
      'cloudAccessKeyGeneration',
      'clientPrivateKeyGeneration',
      'certificateSigningRequest',
      'serverCertificate',
      'clientCertificate',
      'finished',
      'request',
      'msg',
    ),
    wait: flag(true),
    interval: number(5, { min: 0.001, max: 2_147_483 }),
    maxInterval: number(60, { min: 0.001, max: 2_147_483 }),
    timeout: number(172_800),
    resume: flag(true),
    store: text(''),
  },
  status: { working: 'nrfcloud-command.status.waiting', done: 'nrfcloud-command.status.succeeded' },
  canCancel: true,
  createState: (context) => new CommandTracker(context),
  run: async (task) => {
    const { inputs, settings, source, state } = task;
    if (inputs.cancel === true) {
      await state.cancel(readCommandIds(inputs.device, task.get('payload')));
      return endCancelled(task);
    }
    const done = settings.wait ? 'succeeded' : 'created';
    task.describe({
      working: 'nrfcloud-command.status.creating',
      done: `nrfcloud-command.status.${done}`,
    });
    const command = readCommand(settings.command, { values: inputs, source });
    return state.run(command, task);
  },
});
