import { NO_LOAD, type LoadReport } from '../api/load';
import { check, readCheckInputs, reportLoad, reportUnusable, type CheckReport } from '../operations/check';
import { defineNode } from '../runtime/define-node';
import { typed } from '../runtime/inputs';
import type { Result } from '../runtime/output';
import { choice } from '../runtime/settings';
import type { Ending } from '../runtime/status';

const NOT_READY: Ending = { level: 'failed', text: 'nrfcloud-check.status.notReady' };
const LOAD_READ: Ending = { level: 'done', text: 'nrfcloud-check.status.loadRead' };

/** The inputs of a node that reads the load only, which has no fields for them. */
const NO_INPUTS = { tags: '', token: '' };

export default defineNode({
  operation: 'list devices',
  inputs: { tags: typed('', 'str'), token: typed('', 'str') },
  usesInput: (_, { checks }) => checks !== 'load',
  settings: { checks: choice<'all' | 'load'>('all', 'load') },
  status: { working: 'nrfcloud-check.status.checking', done: 'nrfcloud-check.status.ready' },
  output: 'check',
  worksWithoutConnection: true,
  failsInOutage: true,
  run: async ({ inputs, settings, source, api, connectionProblem }) => {
    if (settings.checks === 'load' && connectionProblem === undefined) {
      const load = api.load();
      const ending = load.outageSince === null ? LOAD_READ : NOT_READY;
      return resultOf(reportLoad(load), load, ending);
    }
    const request = readCheckInputs(settings.checks === 'load' ? NO_INPUTS : inputs, source);
    let statusCode: number | undefined;
    const report =
      connectionProblem === undefined
        ? await check(api, request, (status) => (statusCode = status))
        : reportUnusable(connectionProblem, request);
    const load = connectionProblem === undefined ? api.load() : NO_LOAD;
    return {
      ...resultOf(report, load, report.ready ? undefined : NOT_READY),
      ...(statusCode === undefined ? {} : { statusCode }),
    };
  },
});

function resultOf(report: CheckReport, load: LoadReport, ending: Ending | undefined): Result {
  return {
    payload: report,
    port: report.ready ? 0 : 1,
    properties: { load: { ...load } },
    ...(ending === undefined ? {} : { ending }),
  };
}
