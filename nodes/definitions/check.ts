import { NO_LOAD } from '../api/load';
import { check, readCheckInputs, reportUnusable } from '../operations/check';
import { defineNode } from '../runtime/define-node';
import { typed } from '../runtime/inputs';

export default defineNode({
  operation: 'list devices',
  inputs: { tags: typed('', 'str'), token: typed('', 'str') },
  settings: {},
  status: { working: 'nrfcloud-check.status.checking', done: 'nrfcloud-check.status.ready' },
  output: 'check',
  worksWithoutConnection: true,
  run: async ({ inputs, source, api, connectionProblem }) => {
    const request = readCheckInputs(inputs, source);
    let statusCode: number | undefined;
    const report =
      connectionProblem === undefined
        ? await check(api, request, (status) => (statusCode = status))
        : reportUnusable(connectionProblem, request);
    const load = connectionProblem === undefined ? api.load() : NO_LOAD;
    return {
      payload: report,
      port: report.ready ? 0 : 1,
      properties: { load: { ...load } },
      ...(statusCode === undefined ? {} : { statusCode }),
      ...(report.ready ? {} : { ending: { level: 'failed', text: 'nrfcloud-check.status.notReady' } }),
    };
  },
});
