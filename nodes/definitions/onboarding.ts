import { readDevices } from '../operations/onboarding-input';
import { endCancelled } from '../runtime/cancelled';
import { defineNode } from '../runtime/define-node';
import { fromMessage, typed } from '../runtime/inputs';
import { choice, flag, number, text } from '../runtime/settings';
import { OnboardingTracker, type OnboardingSettings } from '../work/onboarding-tracker';

export default defineNode<'device' | 'claimedRows' | 'rows' | 'cancel', OnboardingSettings, OnboardingTracker>({
  operation: 'get onboarded device',
  inputs: {
    device: typed('payload', 'msg'),
    claimedRows: fromMessage('claimedRows'),
    rows: fromMessage('rows'),
    cancel: fromMessage('cancel'),
  },
  settings: {
    until: choice<'onboarded' | 'connected'>('onboarded', 'connected'),
    interval: number(10, { min: 0.001, max: 2_147_483 }),
    maxInterval: number(300, { min: 0.001, max: 2_147_483 }),
    pollRate: number(5, { min: 0.001, max: 1000 }),
    timeout: number(172_800),
    resume: flag(true),
    store: text(''),
  },
  status: { working: 'nrfcloud-onboarding.status.following', done: 'nrfcloud-onboarding.status.onboarded' },
  canCancel: true,
  createState: (context) => new OnboardingTracker(context),
  run: async (task) => {
    const { inputs, source, state } = task;
    const devices = readDevices(inputs, source.device);
    if (inputs.cancel !== true) {
      const keepsLists = [inputs.device, inputs.claimedRows, inputs.rows].every(isSmallList);
      return state.begin(devices, task, listProperty(inputs.device, source.device), keepsLists);
    }
    await state.cancel(devices);
    return endCancelled(task);
  },
});

/** The message property that is the list of devices; `undefined` if none is. */
function listProperty(device: unknown, source: string): string | undefined {
  return Array.isArray(device) ? /^msg\.(\w+)$/.exec(source)?.[1] : undefined;
}

/** Most rows that stay in memory while their devices are followed, so that the message of an error has them (our choice). */
const MAX_KEPT_ROWS = 1000;

/** Whether a value takes little memory beside the devices that are followed: their ids as text are there anyway. */
function isSmallList(value: unknown): boolean {
  if (!Array.isArray(value) || value.length <= MAX_KEPT_ROWS) return true;
  return value.every((item) => typeof item === 'string');
}
