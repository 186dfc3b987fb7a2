import { InvalidValue } from '../../nodes/util/invalid-value';
import assert from 'node:assert/strict';
import { parseClaimToken } from '../../nodes/parse/claim-token';
import { parseErrorSummary } from '../../nodes/parse/error-summary';
import { parseTagId } from '../../nodes/parse/ids';
import { parseQuery } from '../../nodes/parse/query';
import { RowValidator } from '../../nodes/parse/rows/validate-row';
import { parseTags } from '../../nodes/parse/tags';
import { parseBaseUrl } from '../../nodes/http/base-url';
import { Redactor } from '../../nodes/http/redact';
import { parseBody } from '../../nodes/api/error-mapping';
import { endpointPath } from '../../nodes/api/endpoints';
import { parseRetryAfter } from '../../nodes/http/retry';
import { Fleet, type Ending } from '../../stress/fuzz/all-nodes';
import { SUBJECTS } from '../../stress/fuzz/subjects';

const TOKEN =
  '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWTE';

/** Milliseconds of the fastest of some tries; on a busy machine only that tells something. */
function fastest(work: () => unknown): number {
  const times = Array.from({ length: 4 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}

/** Each was found by a property of this folder, and is kept here with its smallest case. */
describe('defects found by fuzzing', () => {
  it('a token that is mostly line breaks is refused in linear time', () => {
    const text = `${'\n'.repeat(9_900)}x`;
    assert.ok(fastest(() => assert.throws(() => parseClaimToken(text), InvalidValue)) < 20);
  });

  it('a token is found after characters whose upper case is longer, and after another response', () => {
    for (const before of ['ßß Straße ', 'ŉ', 'AT%KEYGEN\r\n%KEYGEN: "x"\r\nOK\r\n']) {
      assert.equal(parseClaimToken(`${before}%ATTESTTOKEN:"${TOKEN}" ,1`).claimToken, TOKEN);
    }
  });

  it('half a surrogate pair is refused as a tag', () => {
    assert.throws(() => parseTags(['a\ud800']), InvalidValue);
  });

  it('a tag of a million characters is refused in linear time', () => {
    assert.throws(() => parseTags(['😀'.repeat(500_000)]), InvalidValue);
    const long = Buffer.alloc(5_000_000, 'x').toString();
    assert.ok(fastest(() => assert.throws(() => parseTags([long]))) < 20);
  });

  it('a row whose values throw when they are read is rejected', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const thrown: unknown = proxy;
    const getter = Object.defineProperty(['x'], 0, {
      get: () => {
        throw thrown;
      },
    });
    const check = new RowValidator([]);
    for (const row of [
      { line: 1, claimToken: proxy, tags: [] },
      { line: 2, claimToken: TOKEN, tags: [getter] },
      { line: 3, claimToken: [proxy], tags: [proxy] },
    ]) {
      assert.equal(check.validate(row).ok, false);
    }
  });

  it('an error summary that is nested too deep is kept as text', async () => {
    const levels = 100_000;
    assert.equal(await parseErrorSummary(`{"errors":[${'['.repeat(levels)}${']'.repeat(levels)}]}`), undefined);
  });

  it('row 0 of an error summary that counts from 1 is not a row', async () => {
    assert.deepEqual(await parseErrorSummary('{"a":"b [c (1-based)]: {\\"no\\":[0,3]}."}'), [
      { message: 'no' },
      { row: 3, message: 'no' },
    ]);
  });

  it('a body that is nested deeper than Node-RED can copy stays text; brackets within its texts do not count', () => {
    const redactor = new Redactor('secret-key');
    const deep = `{"message":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    assert.equal(parseBody({ text: deep }, redactor), deep);
    const text = JSON.stringify({ message: `\\"${'['.repeat(10_000)}` });
    assert.deepEqual(parseBody({ text }, redactor), JSON.parse(text));
  });

  it('a key is redacted in its JSON form, too', () => {
    const key = 'ab"cd\\ef';
    const text = JSON.stringify({ message: `no ${key}` });
    assert.deepEqual(parseBody({ text }, new Redactor(key)), { message: 'no …' });
    assert.equal(parseBody({ text: text.slice(0, -1) }, new Redactor(key)), '{"message":"no …"');
  });

  it('Retry-After is read in linear time, and is a finite number', () => {
    assert.ok(fastest(() => parseRetryAfter({ 'retry-after': 'a'.repeat(16_000) })) < 5);
    assert.ok(Number.isFinite(parseRetryAfter({ 'retry-after': '9'.repeat(400) })));
  });

  it('a Date or a Map is refused as a query', () => {
    for (const query of [new Date(0), new Map([['a', 'b']]), new Uint8Array([1])]) {
      assert.throws(() => parseQuery(query), InvalidValue);
    }
  });

  it('an id of 5,000 characters is refused', () => {
    assert.throws(() => endpointPath('get tag', 'guide', parseTagId('x'.repeat(5000))), RangeError);
  });

  it('a private key as an id is refused, and not quoted', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\\nMIGHAgEA\\n-----END PRIVATE KEY-----';
    assert.throws(
      () => endpointPath('delete tag', 'guide', parseTagId(pem)),
      (error: Error) => error instanceof RangeError && !error.message.includes('MIGH'),
    );
  });

  it('a base URL that is mostly slashes is read in linear time', () => {
    assert.ok(fastest(() => parseBaseUrl(`https://x.example${'/'.repeat(20_000)}x`)) < 50);
  });

  describe('in Node-RED', () => {
    let fleet: Fleet;
    before(async () => {
      fleet = await Fleet.start();
    });
    after(() => fleet.stop());

    /** Sends the same message to every node. */
    const sendAll = (make: () => Record<string, unknown>): Promise<Ending[]> => fleet.send(SUBJECTS.map(make));

    it('a thrown value without a text ends each message once, with a code for Catch', async () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      for (const thrown of [Object.create(null) as unknown, proxy, Symbol('x')]) {
        const get = (): never => {
          throw thrown;
        };
        const endings = await sendAll(() => Object.defineProperty({}, 'payload', { get, enumerable: true }));
        for (const { ends, caught } of endings) {
          assert.equal(ends, 1);
          for (const { error } of caught) assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
        }
        assert.ok(endings[0]!.caught.length === 1 && endings[0]!.requests.length === 0);
      }
    });

    it('a message that Node-RED cannot copy ends with its code, and an upload of it leaves', async () => {
      let deep: unknown[] = [];
      for (let level = 0; level < 10_000; level++) deep = [deep];
      const endings = await sendAll(() => ({ payload: TOKEN, deep }));
      for (const { ends } of endings) assert.equal(ends, 1);
      for (const [index, { type, config }] of SUBJECTS.entries()) {
        if (type !== 'nrfcloud-bulk-claim' || config['input'] === 'file') continue;
        assert.equal(endings[index]!.requests.length, 1);
        assert.equal(endings[index]!.error, undefined);
      }
    });

    it('a tags property that throws is an error, and nothing is claimed', async () => {
      const get = (): never => {
        throw new TypeError('x');
      };
      const endings = await sendAll(() => Object.defineProperty({ payload: TOKEN }, 'tags', { get, enumerable: true }));
      assert.equal(endings[0]!.requests.length, 0);
    });

    it('a frozen message is refused before anything is sent', async () => {
      const endings = await sendAll(() => ({ payload: Object.freeze({ id: 'x' }) }));
      const within = SUBJECTS.findIndex(({ config }) => config['output'] === 'payload.x');
      assert.equal(endings[within]!.requests.length, 0);
      assert.equal(endings[within]!.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
    });

    it('a value with a then method does not keep a message waiting', async () => {
      // But for JSONata, which waits for such a value itself.
      const endings = await fleet.send(
        SUBJECTS.map(({ config }) => ({ payload: config['tokenType'] === 'jsonata' ? '' : { then: () => undefined } })),
      );
      for (const { ends } of endings) assert.equal(ends, 1);
    });
  });
});
