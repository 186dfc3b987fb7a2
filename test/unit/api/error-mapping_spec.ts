import assert from 'node:assert/strict';
import {
  badResponse,
  limitBody,
  outageError,
  parseBody,
  parseWholeBody,
  statusError,
  transportError,
} from '../../../nodes/api/error-mapping';
import type { NrfCloudError } from '../../../nodes/api/errors';
import type { RequestContext } from '../../../nodes/api/request';
import { ExchangeError } from '../../../nodes/http/exchange-error';
import type { HttpResponse } from '../../../nodes/http/exchange';
import { Redactor } from '../../../nodes/http/redact';
import { Abort } from '../../../nodes/util/abort';
import { assertSentence } from '../../support/sentences';

const CONTEXT = {
  operation: 'get device',
  method: 'GET',
  path: '/claimed-devices/x',
  isList: false,
  attempts: 1,
  mayHaveSucceeded: false,
} as unknown as RequestContext;
const FACTS = { operation: 'get device', method: 'GET', path: '/claimed-devices/x', attempts: 1 };
const REDACTOR = new Redactor('secret-key');

const respond = (statusCode: number, text = '', headers: HttpResponse['headers'] = {}): HttpResponse => ({
  statusCode,
  headers,
  text,
});
const report = (
  statusCode: number,
  text = '',
  headers: HttpResponse['headers'] = {},
  context: Partial<RequestContext> = {},
): NrfCloudError => statusError(respond(statusCode, text, headers), { ...CONTEXT, ...context }, REDACTOR);

describe('statusError', () => {
  for (const [statusCode, code] of [
    [400, 'NRFCLOUD_REJECTED'],
    [401, 'NRFCLOUD_UNAUTHORIZED'],
    [403, 'NRFCLOUD_FORBIDDEN'],
    [404, 'NRFCLOUD_NOT_FOUND'],
    [408, 'NRFCLOUD_REJECTED'],
    [409, 'NRFCLOUD_CONFLICT'],
    [413, 'NRFCLOUD_REJECTED'],
    [425, 'NRFCLOUD_REJECTED'],
    [429, 'NRFCLOUD_RATE_LIMITED'],
    [499, 'NRFCLOUD_REJECTED'],
    [500, 'NRFCLOUD_UNAVAILABLE'],
    [302, 'NRFCLOUD_BAD_RESPONSE'],
  ] as const) {
    it(`maps HTTP ${statusCode} to ${code}, with the words of the service`, () => {
      const error = report(statusCode, 'it is late');
      assert.equal(error.code, code);
      assert.deepEqual(error.cause, { ...FACTS, statusCode, body: 'it is late' });
      assert.match(error.message, new RegExp(`^get device: .*HTTP ${statusCode}: it is late.*; `));
    });
  }

  for (const statusCode of [408, 425]) {
    it(`advises to send again after HTTP ${statusCode}, which says nothing against the request`, () => {
      assertSentence(report(statusCode).message);
      assert.match(report(statusCode).message, /; send the message again later$/);
    });
  }

  it('has attempts, wait, the id for a support case, and whether a change may be done', () => {
    const headers = { 'retry-after': '1.2', 'x-amzn-requestid': 'id-7 secret-key', 'request-id': 'id-8' };
    const context = { attempts: 3, mayHaveSucceeded: true, method: 'POST' };
    assert.deepEqual(report(503, '', headers, context).cause, {
      ...FACTS,
      method: 'POST',
      attempts: 3,
      mayHaveSucceeded: true,
      statusCode: 503,
      requestId: 'id-7 …',
      retryAfter: 2,
    });
    assert.equal(report(503, '', headers, { mayHaveSucceeded: true }).cause.mayHaveSucceeded, undefined);
    for (const attempts of [1, 2]) assertSentence(report(503, '', headers, { attempts }).message);
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
      assert.equal(report(400, '', { [name]: 'id-7' }).cause.requestId, 'id-7');
      assert.ok(!('requestId' in report(400, '', { [name]: ['a', 'b'] }).cause));
    });
  }

  for (const text of [
    '{"message":"the words","detail":"other"}',
    '{"message":" ","detail":"the words"}',
    '{"title":"the words","error":"other"}',
    '{"error":"the words"}',
    '{"error":{"message":"the words"}}',
    '{"errors":["the words","more"]}',
    '{"errors":[{"detail":"the words"}]}',
    '{"Message":"the words"}',
    '{"type":"about:blank","title":"the words","status":400}',
    '["the words"]',
    'the words',
  ]) {
    it(`quotes the words for a person in ${text}`, () => {
      assertSentence(report(400, text).message);
    });
  }

  for (const text of [
    'null',
    '7',
    '{"a":{"b":1}}',
    '{"error":{"error":{"error":{"error":{"error":"too deep"}}}}}',
    '',
  ]) {
    it(`quotes nothing of ${text === '' ? 'an empty body' : text}`, () => {
      assertSentence(report(400, text).message);
    });
  }

  for (const text of ['<html><body>Forbidden</body></html>', '  <!DOCTYPE html><p>Forbidden']) {
    it(`names a web page as one, whatever its status: ${text}`, () => {
      for (const status of [401, 403, 404]) {
        const { message } = report(status, text);
        assertSentence(message);
        assert.doesNotMatch(message, /role|Forbidden|API key/);
      }
    });
  }

  it('a web page with HTTP 500 or more is an outage behind a gateway', () => {
    for (const status of [500, 502]) assertSentence(report(status, '<html><body>Bad gateway</body></html>').message);
  });

  it('advises to look before a change that may have taken effect is sent again', () => {
    const change = { method: 'POST', operation: 'create command', mayHaveSucceeded: true } as const;
    for (const context of [change, { ...change, mayHaveSucceeded: false }, { mayHaveSucceeded: true }]) {
      assertSentence(report(500, '', {}, context).message);
    }
    // What a refusal says is about what is there.
    assertSentence(report(409, '', {}, change).message);
  });

  it('a redirect is named as one', () => assertSentence(report(302).message));

  it('advises to check the base URL if a list is not found', () => {
    assertSentence(report(404, '', {}, { isList: true }).message);
    assert.doesNotMatch(report(404, '').message, /\/v1/);
    assert.doesNotMatch(report(404, '', {}, { isList: true, method: 'POST' }).message, /\/v1/);
    assert.doesNotMatch(report(400, '', {}, { isList: true }).message, /\/v1/);
  });

  it('keeps the body as JSON or text, and leaves an empty one out', () => {
    assert.deepEqual(report(400, '{"a":1}').cause.body, { a: 1 });
    assert.equal(parseBody({ text: '{"a":' }, REDACTOR), '{"a":');
    assert.ok(!('body' in report(400).cause));
  });

  it('has no API key in it, however the service writes it', () => {
    const escaped = '\\u0073ecret-key';
    for (const text of [
      `{"message":"${escaped}","errors":["${escaped}"]}`,
      `<p>secret-key`,
      `{"message":"${escaped}`,
    ]) {
      const error = report(400, text);
      assert.doesNotMatch(JSON.stringify([error.message, error.cause]), /secret-key/);
    }
  });
});

describe('badResponse', () => {
  const bad = (text: string, context: Partial<RequestContext> = {}): NrfCloudError =>
    badResponse('is not a list', respond(200, text), { ...CONTEXT, ...context }, REDACTOR);

  it('says whether a change may have been made', () => {
    assert.deepEqual(bad('x').cause, { ...FACTS, statusCode: 200, body: 'x' });
    for (const method of ['GET', 'POST']) {
      const { code, message } = bad('', { method });
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assertSentence(message);
    }
    assert.deepEqual(bad('', { method: 'POST' }).cause, {
      ...FACTS,
      method: 'POST',
      statusCode: 200,
      mayHaveSucceeded: true,
    });
  });

  it('keeps 64 KiB of the body', () => {
    assert.equal((bad('é'.repeat(40_000)).cause.body as string).length, 32_768);
    assert.equal((bad('e'.repeat(70_000)).cause.body as string).length, 65_536);
    const json = bad(JSON.stringify({ a: 'é'.repeat(40_000) })).cause.body;
    assert.ok(Buffer.byteLength(json as string) <= 65_536);
  });

  it('leaves no beginning of the API key where the body is cut', () => {
    const { body } = bad(`${'é'.repeat(32_764)}=secret-key${'é'.repeat(20)}`).cause;
    assert.match(body as string, /=…$/);
  });
});

describe('transportError', () => {
  const failed = (failure: ExchangeError, context: Partial<RequestContext> = {}): NrfCloudError =>
    transportError(failure, 'https://host', { ...CONTEXT, ...context });

  it('is a timeout if no response came in time', () => {
    const failure = new ExchangeError('timeout', true, new Error('no response within 30 s'));
    const error = failed(failure, { mayHaveSucceeded: true });
    assert.deepEqual([error.code, error.cause], ['NRFCLOUD_TIMEOUT', FACTS]);
    const change = failed(failure, { mayHaveSucceeded: true, method: 'POST', operation: 'claim', attempts: 2 });
    assert.equal(change.cause.mayHaveSucceeded, true);
    assertSentence(change.message);
  });

  it('is unavailable if the connection failed, and a change may be done if it was sent', () => {
    const failure = new ExchangeError('network', true, new Error('other side closed'));
    const error = failed(failure, { mayHaveSucceeded: true, method: 'DELETE' });
    assert.deepEqual([error.code, error.cause.mayHaveSucceeded], ['NRFCLOUD_UNAVAILABLE', true]);
    assertSentence(error.message);
  });

  it('a change that was not sent has had no effect', () => {
    const error = failed(new ExchangeError('network', false, new Error('refused')), { method: 'DELETE' });
    assert.deepEqual(error.cause, { ...FACTS, method: 'DELETE' });
    assertSentence(error.message);
  });

  for (const fault of ['certificate', 'proxy-login', 'proxy', 'request'] as const) {
    it(`advises what to do about what no retry mends: ${fault}`, () => {
      const failure = new ExchangeError('network', false, new Error('x'), fault);
      assertSentence(failed(failure).message);
    });
  }
});

describe('outageError', () => {
  const owner = { lane: 'node', signal: new Abort() };
  const context = { ...CONTEXT, attempts: 2, method: 'POST', mayHaveSucceeded: true, owner } as RequestContext;
  const facts = { ...FACTS, attempts: 2, method: 'POST', mayHaveSucceeded: true };

  it('has the facts of the last attempt, and how many there were', () => {
    const lastError = report(502, 'late', {}, { method: 'POST' });
    const error = outageError(300, 'https://host', { ...context, lastError });
    assert.deepEqual([error.code, error.cause], ['NRFCLOUD_UNAVAILABLE', { ...facts, statusCode: 502, body: 'late' }]);
    assertSentence(error.message);
  });

  it('says once what the last failure may have done, and once what to do', () => {
    const lastError = report(502, 'late', {}, { method: 'POST', mayHaveSucceeded: true });
    assertSentence(outageError(300, 'https://host', { ...context, lastError }).message);
    const harmless = { ...context, method: 'GET', mayHaveSucceeded: false, lastError: report(503) };
    assertSentence(outageError(300, 'https://host', harmless).message);
  });

  it('does not advise to wait longer if the message does not wait', () => {
    const harmless = { ...context, method: 'GET', mayHaveSucceeded: false, lastError: undefined };
    const impatient = { ...harmless, owner: { ...owner, failsInOutage: true } };
    assertSentence(outageError(12, 'https://host', impatient).message);
  });

  it('names no failure if there was no attempt', () => {
    const error = outageError(300, 'https://host', { ...context, lastError: undefined });
    assert.deepEqual([error.code, error.cause], ['NRFCLOUD_UNAVAILABLE', facts]);
    assertSentence(error.message);
  });
});

describe('the bodies of errors', () => {
  const MAX = 65_536;
  const object = (length: number): { a: string } => ({ a: 'x'.repeat(length - '{"a":""}'.length) });

  it('parseBody: JSON of 64 KiB is kept as JSON, and a character more as text', () => {
    for (const [length, isJson] of [
      [MAX, true],
      [MAX + 1, false],
    ] as const) {
      const body = object(length);
      const text = JSON.stringify(body);
      assert.deepEqual(parseBody({ text }, REDACTOR), isJson ? body : text.slice(0, MAX));
    }
  });

  it('parseBody: a beginning of the API key is only taken away where a text was cut', () => {
    assert.equal(parseBody({ text: 'key: secret-k' }, REDACTOR), 'key: secret-k');
    assert.equal(parseBody({ text: 'key: secret-k', truncated: 'size' }, REDACTOR), 'key: …');
  });

  it('parseWholeBody: only JSON that came whole, without the API key', () => {
    assert.deepEqual(parseWholeBody(respond(422, '{"a":"secret-key"}'), REDACTOR), { a: '…' });
    assert.equal(parseWholeBody({ ...respond(422, '{"a":1}'), truncated: 'size' }, REDACTOR), undefined);
    assert.equal(parseWholeBody(respond(422, 'no'), REDACTOR), undefined);
  });

  it('limitBody: JSON of 64 KiB stays as it is, and a character more becomes its beginning as text', () => {
    const [whole, longer] = [object(MAX), object(MAX + 1)];
    assert.equal(limitBody(whole), whole);
    assert.equal(limitBody(longer), JSON.stringify(longer).slice(0, MAX));
  });
});
