import { allDevices, eachDevice, eachPage, listDevices } from '../operations/list-devices';
import { defineNode } from '../runtime/define-node';
import { typed } from '../runtime/inputs';
import { choice, number } from '../runtime/settings';
import { closed } from '../api/errors';

export default defineNode({
  operation: 'list devices',
  inputs: { query: typed('', 'str'), tag: typed('', 'str') },
  settings: { mode: choice('array', 'each', 'page'), limit: number(0, { min: 0, whole: true }) },
  status: { working: 'nrfcloud-devices.status.listing', done: 'nrfcloud-devices.status.listed' },
  run: async (task) => {
    const { inputs, settings, api, signal, source } = task;
    const list = listDevices(api, { ...inputs, ...settings }, source);
    if (settings.mode === 'array') return allDevices(list);
    for await (const pieces of settings.mode === 'each' ? eachDevice(list) : eachPage(list)) {
      for (const piece of pieces) {
        if (signal.aborted) throw closed('list devices');
        const turn = task.emit(piece);
        if (turn !== undefined) await turn;
      }
    }
    return undefined;
  },
});
