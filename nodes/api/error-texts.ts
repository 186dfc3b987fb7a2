import type { PermanentFault } from '../http/exchange-error';
import type { OperationName } from './endpoints';
import type { ErrorCode } from './errors';
import type { RequestContext } from './request';

/** Per status: the code, what is wrong and what to do. Not listed: other 4xx are REJECTED, 5xx UNAVAILABLE. */
export const BY_STATUS: Record<number, [ErrorCode, string, string]> = {
  401: [
    'NRFCLOUD_UNAUTHORIZED',
    'the service does not accept the API key',
    "enter the team's API key in the connection",
  ],
  403: [
    'NRFCLOUD_FORBIDDEN',
    'the API key may not do this',
    'use the key of a user with the role Editor, Admin or Owner',
  ],
  404: ['NRFCLOUD_NOT_FOUND', 'the service has nothing there', "check the id, and the connection's API version"],
  408: ['NRFCLOUD_REJECTED', 'the service did not get the request in time', 'send the message again later'],
  409: ['NRFCLOUD_CONFLICT', 'the service reports a conflict', 'look at what is there already'],
  413: ['NRFCLOUD_REJECTED', 'the request is too large for the service', 'send less at once'],
  425: ['NRFCLOUD_REJECTED', 'the service does not take the request yet', 'send the message again later'],
  429: ['NRFCLOUD_RATE_LIMITED', 'the service limits the requests', "send fewer: lower the connection's rate"],
};

/** The same for a status that is not listed. */
export function otherStatus(statusCode: number): [ErrorCode, string, string] {
  if (statusCode >= 500)
    return ['NRFCLOUD_UNAVAILABLE', 'the service is not available', 'send the message again later'];
  if (statusCode >= 400) return ['NRFCLOUD_REJECTED', 'the service refuses the request', 'correct what it names'];
  return [
    'NRFCLOUD_BAD_RESPONSE',
    'the service responds with a redirect, which is not followed',
    "check the connection's base URL",
  ];
}

/** What to do about a status where the operation makes that clearer, `undefined` if it does not. */
export function adviceFor(statusCode: number, { isList, method }: RequestContext): string | undefined {
  if (statusCode !== 404 || !isList || method !== 'GET') return undefined;
  return "check the connection's base URL, which usually ends in /v1, and its API version";
}

/** What a request may have done although no response came. */
export const EFFECT_OF: Partial<Record<OperationName, string>> = {
  claim: 'the device may have been claimed',
  'bulk claim': 'the devices may have been claimed',
  'unclaim device': 'the device may have been unclaimed',
  'create command': 'the command may have been created',
  'create rule': 'the rule may have been created',
  'create tag': 'the tag may have been created',
};

/** What no further attempt can mend, and what to do about it. */
export const PERMANENT_FAULTS: Record<PermanentFault, [what: string, todo: string]> = {
  certificate: [
    'no trusted connection',
    "add the certificate authority to a TLS configuration of the connection, or check the base URL's host",
  ],
  'proxy-login': ['the proxy refuses the login on the way', 'correct the user and password of the proxy'],
  proxy: ['the proxy refuses the way', 'ask its administrator to allow this host, or leave the host out of the proxy'],
  request: ['no request can be made', "check the connection's base URL and proxy"],
};
