import type { NodeAPI } from 'node-red';
import { requestLine, type ApiVersion, type OperationName } from '../api/endpoints';
import { NrfCloudError } from '../api/errors';
import { sanitize } from '../util/sanitize';
import { clientOf } from './connection';
import type { Config } from './inputs';

/**
 * Makes anything that was thrown the one kind of error that leaves the package, with all that the contract promises of it.
 * What is not ours is a defect of this package: its stack is kept, so that it can be found.
 * @param api the API version of the node's connection, for the path of a request that was never sent
 */
export function toReport(error: Error, operation: OperationName, api: ApiVersion): NrfCloudError {
  const report = error instanceof NrfCloudError ? error : internalError(operation, error);
  if (report.cause.method !== undefined) return report;
  const { operation: own, ...facts } = report.cause;
  const whole = new NrfCloudError(report.code, report.message, { operation: own, ...requestLine(own, api), ...facts });
  if (report.stack !== undefined) whole.stack = report.stack;
  return whole;
}

function internalError(operation: OperationName, error: Error): NrfCloudError {
  const reason = sanitize(`${error.name}: ${error.message}`);
  const message = `${operation}: the node failed unexpectedly (${reason}); report it with the stack of this error`;
  const report = new NrfCloudError('NRFCLOUD_INTERNAL_ERROR', message, { operation, attempts: 0 });
  if (error.stack !== undefined) report.stack = error.stack;
  return report;
}

/** The API version of a node's connection; the default one if it cannot be used. */
export function apiVersionOf(RED: NodeAPI, config: Config, operation: OperationName): ApiVersion {
  try {
    return clientOf(RED, config['connection'], operation).api;
  } catch {
    return 'guide';
  }
}
