import assert from 'node:assert/strict';
import { failureOf, type PermanentFault } from '../../../nodes/http/exchange-error';

const coded = (code: string, more: ErrorOptions = {}): Error => Object.assign(new Error(code, more), { code });

/** What is known of the failure of a started request: whether it may have been sent, and whether no attempt can succeed. */
function judge(error: Error, started = true): [mayHaveBeenSent: boolean, fault: PermanentFault | undefined] {
  const { mayHaveBeenSent, permanentFault } = failureOf(error, started);
  return [mayHaveBeenSent, permanentFault];
}

describe('failureOf', () => {
  it('failure: is one of the network, with the error as its cause and the error’s text', () => {
    const error = coded('ECONNRESET');
    const failure = failureOf(error, true);
    assert.deepEqual([failure.kind, failure.cause, failure.message], ['network', error, 'ECONNRESET']);
  });

  for (const code of [
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EPROTO',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'UND_ERR_SOCKET',
    'HPE_INVALID_CONSTANT',
    // The clock of either side may be wrong, or the certificate be renewed soon.
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
  ]) {
    it(`failure: worth another attempt, and may have been sent only if the request was started: ${code}`, () => {
      assert.deepEqual(judge(coded(code)), [true, undefined]);
      assert.deepEqual(judge(coded(code), false), [false, undefined]);
    });
  }

  for (const code of [
    'CERT_REVOKED',
    'CERT_UNTRUSTED',
    'CERT_HAS_EXPIRED_LONG_AGO',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'HOSTNAME_MISMATCH',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'UND_ERR_PRX_TLS',
  ]) {
    it(`failure: a certificate that is not accepted: ${code}`, () => {
      assert.deepEqual(judge(coded(code)), [false, 'certificate']);
    });
  }

  it('failure: a request that cannot be sent is permanent', () => {
    assert.deepEqual(judge(coded('UND_ERR_INVALID_ARG')), [false, 'request']);
  });

  for (const [status, fault] of [
    [400, 'proxy'],
    [403, 'proxy'],
    [407, 'proxy-login'],
    [499, 'proxy'],
    [502, undefined],
    [504, undefined],
  ] as const) {
    it(`failure: a proxy that responds with ${status} to the request for a tunnel`, () => {
      const refusal = Object.assign(new Error(`Proxy response (${status}) !== 200 when HTTP Tunneling`), {
        code: 'UND_ERR_ABORTED',
      });
      assert.deepEqual(judge(refusal, false), [false, fault]);
    });
  }

  it('failure: only undici’s own text is taken for the response of a proxy', () => {
    assert.deepEqual(judge(new Error('x: Proxy response (407)')), [true, undefined]);
    assert.deepEqual(judge(new Error('Proxy response (4)')), [true, undefined]);
  });

  it('failure: an error without a code is judged by its cause, however deep', () => {
    const wrap = (error: Error): Error => new Error('outer', { cause: new Error('inner', { cause: error }) });
    assert.deepEqual(judge(wrap(coded('INVALID_CA'))), [false, 'certificate']);
    assert.deepEqual(judge(wrap(coded('ECONNRESET'))), [true, undefined]);
    assert.deepEqual(judge(wrap(new Error('Proxy response (407)'))), [false, 'proxy-login']);
  });

  it('failure: an error with a code is not judged by its cause', () => {
    assert.deepEqual(judge(coded('ECONNRESET', { cause: coded('INVALID_CA') })), [true, undefined]);
  });

  it('failure: a cause that is not an error says nothing', () => {
    assert.deepEqual(judge(new Error('failed', { cause: { code: 'INVALID_CA' } })), [true, undefined]);
  });
});
