import assert from 'node:assert/strict';
import {
  closed,
  invalidInput,
  isClosed,
  nodeQueueFull,
  notConfigured,
  type NrfCloudError,
} from '../../../nodes/api/errors';
import { ExchangeError, type HttpResponse } from '../../../nodes/http/exchange';
import {
  badResponse,
  parseBody,
  queueFull,
  statusError,
  transportError,
  type RequestContext,
} from '../../../nodes/api/error-mapping';

const REQUEST: RequestContext = {
  operation: 'get device',
  method: 'GET',
  path: '/claimed-devices/x',
  attempts: 1,
  mayHaveSucceeded: false,
};
const ASKED = { operation: 'get device', method: 'GET', path: '/claimed-devices/x', attempts: 1 };

const reply = (statusCode: number, text = '', headers: HttpResponse['headers'] = {}): HttpResponse => ({
  statusCode,
  headers,
  text,
});

/** What a report says, as Catch nodes get it. */
const told = ({ code, message, cause, mayHaveSucceeded }: NrfCloudError): unknown => ({
  code,
  message,
  cause,
  mayHaveSucceeded,
});

describe('the report of a refused request', () => {
  for (const [statusCode, code, sentence] of [
    [400, 'NRFCLOUD_REJECTED', 'the service refuses the request (HTTP 400: it is late); correct what it names'],
    [
      401,
      'NRFCLOUD_UNAUTHORIZED',
      "the service does not accept the API key (HTTP 401: it is late); enter the team's API key in the connection",
    ],
    [
      403,
      'NRFCLOUD_FORBIDDEN',
      'the API key may not do this (HTTP 403: it is late); use the key of a user with the role Editor, Admin or Owner',
    ],
    [
      404,
      'NRFCLOUD_NOT_FOUND',
      "the service has nothing there (HTTP 404: it is late); check the id, and the connection's API generation",
    ],
    [409, 'NRFCLOUD_CONFLICT', 'the service reports a conflict (HTTP 409: it is late); look at what is there already'],
    [499, 'NRFCLOUD_REJECTED', 'the service refuses the request (HTTP 499: it is late); correct what it names'],
    [
      429,
      'NRFCLOUD_RATE_LIMITED',
      "the service limits the requests (HTTP 429: it is late); send fewer: lower the connection's rate",
    ],
    [500, 'NRFCLOUD_UNAVAILABLE', 'the service is not available (HTTP 500: it is late); send the message again later'],
    [
      302,
      'NRFCLOUD_BAD_RESPONSE',
      "the service answers with a redirect, which is not followed (HTTP 302: it is late); check the connection's base URL",
    ],
  ] as const) {
    it(`says what HTTP ${statusCode} is, and what to do`, () => {
      assert.deepEqual(told(statusError(reply(statusCode, 'it is late'), REQUEST)), {
        code,
        message: `get device: ${sentence}`,
        cause: { ...ASKED, statusCode, body: 'it is late' },
        mayHaveSucceeded: false,
      });
    });
  }

  it('tells attempts and wait, the id for a support case, and whether the work may be done', () => {
    const headers = { 'retry-after': '1.2', 'x-amzn-requestid': 'id-7', 'request-id': 'id-8' };
    const report = statusError(reply(503, '', headers), { ...REQUEST, attempts: 3, mayHaveSucceeded: true });
    assert.deepEqual(told(report), {
      code: 'NRFCLOUD_UNAVAILABLE',
      message:
        'get device: the service is not available (HTTP 503 after 3 attempts, to be asked again in 2 s); send the message again later',
      cause: { ...ASKED, attempts: 3, statusCode: 503, requestId: 'id-7', retryAfter: 2 },
      mayHaveSucceeded: true,
    });
  });

  for (const name of [
    'x-request-id',
    'x-amzn-requestid',
    'x-amz-request-id',
    'apigw-requestid',
    'x-correlation-id',
    'request-id',
  ]) {
    it(`takes the id of the request from ${name}`, () => {
      const { requestId } = statusError(reply(400, '', { [name]: 'id-7' }), REQUEST).cause;
      assert.equal(requestId, 'id-7');
      assert.ok(!('requestId' in statusError(reply(400, '', { [name]: ['a', 'b'] }), REQUEST).cause));
    });
  }

  for (const [text, words] of [
    ['{"message":"the words","detail":"other"}', ': the words'],
    ['{"message":" ","detail":"the words"}', ': the words'],
    ['{"title":"the words","error":"other"}', ': the words'],
    ['{"error":"the words"}', ': the words'],
    ['{"error":{"message":"deeper"}}', ''],
    ['["the words"]', ''],
    ['null', ''],
    ['7', ''],
    ['<html>', ''],
    ['  <html>', ''],
    ['a < b', ': a < b'],
  ] as const) {
    it(`finds the words for a person in ${text}`, () => {
      assert.equal(
        statusError(reply(400, text), REQUEST).message,
        `get device: the service refuses the request (HTTP 400${words}); correct what it names`,
      );
    });
  }

  it('keeps the body as JSON or text, and leaves an empty one out', () => {
    assert.deepEqual(statusError(reply(400, '{"a":1}'), REQUEST).cause.body, { a: 1 });
    assert.equal(parseBody('{"a":'), '{"a":');
    assert.ok(!('body' in statusError(reply(400), REQUEST).cause));
  });
});

describe('the report of a success that cannot be used', () => {
  it('says that nothing was done by reading', () => {
    assert.deepEqual(
      told(badResponse('its body is no list', reply(200, 'x'), { ...REQUEST, mayHaveSucceeded: true })),
      {
        code: 'NRFCLOUD_BAD_RESPONSE',
        message:
          "get device: the service answers with success (HTTP 200) but its body is no list; check the connection's base URL and generation, or ask again later",
        cause: { ...ASKED, statusCode: 200, body: 'x' },
        mayHaveSucceeded: false,
      },
    );
  });

  it('says that the work is probably done by anything else', () => {
    const report = badResponse('its body is no list', reply(200), { ...REQUEST, method: 'POST' });
    assert.match(report.message, /; its work is probably done, so look before you send the message again$/);
    assert.ok(!('body' in report.cause));
  });

  it('keeps 64 KiB of the body', () => {
    assert.equal((badResponse('no', reply(200, 'é'.repeat(40_000)), REQUEST).cause.body as string).length, 32_768);
    assert.equal((badResponse('no', reply(200, 'e'.repeat(70_000)), REQUEST).cause.body as string).length, 65_536);
  });
});

describe('the report of a request without a reply', () => {
  it('is a timeout, after which the work may be done', () => {
    const failure = new ExchangeError('timeout', true, new Error('no answer within 30 s'));
    assert.deepEqual(told(transportError(failure, 'https://host', REQUEST)), {
      code: 'NRFCLOUD_TIMEOUT',
      message:
        "get device: no answer within 30 s from https://host; check the network, or raise the connection's timeout",
      cause: ASKED,
      mayHaveSucceeded: true,
    });
    const again = transportError(failure, 'https://host', { ...REQUEST, attempts: 2 });
    assert.match(again.message, /^get device: no answer within 30 s from https:\/\/host in each of 2 attempts; /);
  });

  it('is a failure of the network, after which the work may be done if the request left', () => {
    const cause = new Error('other side closed');
    for (const [reached, earlier, uncertain] of [
      [false, false, false],
      [true, false, true],
      [false, true, true],
    ] as const) {
      const failure = new ExchangeError('network', reached, cause);
      assert.deepEqual(told(transportError(failure, 'https://host', { ...REQUEST, mayHaveSucceeded: earlier })), {
        code: 'NRFCLOUD_UNAVAILABLE',
        message:
          "get device: no connection to https://host (other side closed); check the network, the proxy and the connection's base URL",
        cause: ASKED,
        mayHaveSucceeded: uncertain,
      });
    }
    const again = transportError(new ExchangeError('network', false, cause), 'https://host', {
      ...REQUEST,
      attempts: 6,
    });
    assert.match(again.message, /^get device: no connection to https:\/\/host in each of 6 attempts \(other /);
  });
});

describe('the report of what was never sent', () => {
  it('says which limit was reached', () => {
    assert.deepEqual(told(queueFull(7, { ...REQUEST, attempts: 0 })), {
      code: 'NRFCLOUD_QUEUE_FULL',
      message: "get device: 7 requests are waiting already; send slower, or raise the connection's queue limit",
      cause: { ...ASKED, attempts: 0 },
      mayHaveSucceeded: false,
    });
    assert.deepEqual(told(nodeQueueFull('claim', 500)), {
      code: 'NRFCLOUD_QUEUE_FULL',
      message:
        "claim: this node holds 500 messages already; send slower, or raise nodeMessageBufferMaxLength in Node-RED's settings",
      cause: { operation: 'claim', attempts: 0 },
      mayHaveSucceeded: false,
    });
  });

  it('says what is wrong with the input, the connection, or that the flow was stopped', () => {
    assert.deepEqual(told(invalidInput('claim', 'a sentence', { rows: 1 })), {
      code: 'NRFCLOUD_INVALID_INPUT',
      message: 'claim: a sentence',
      cause: { operation: 'claim', attempts: 0, rows: 1 },
      mayHaveSucceeded: false,
    });
    assert.deepEqual(told(notConfigured('claim', 'a sentence')), {
      code: 'NRFCLOUD_NOT_CONFIGURED',
      message: 'claim: a sentence',
      cause: { operation: 'claim', attempts: 0 },
      mayHaveSucceeded: false,
    });
    assert.deepEqual(told(closed('claim', 2)), {
      code: 'NRFCLOUD_CLOSED',
      message: 'claim: the flow was stopped or redeployed while the message was on its way; send the message again',
      cause: { operation: 'claim', attempts: 2 },
      mayHaveSucceeded: false,
    });
  });

  it('is an error of its own kind, of which only code and cause are copied', () => {
    const error = closed('claim');
    assert.equal(error.name, 'NrfCloudError');
    assert.deepEqual(Object.keys(error).sort(), ['cause', 'code', 'name']);
    assert.equal(isClosed(error), true);
    assert.equal(isClosed(queueFull(1, REQUEST)), false);
    assert.equal(isClosed(new Error('NRFCLOUD_CLOSED')), false);
  });
});
