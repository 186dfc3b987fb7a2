import assert from 'node:assert/strict';
import { Services, type ServicesOptions } from '../../../nodes/api/services';
import type { NrfCloudError } from '../../../nodes/api/errors';
import { ExchangeError } from '../../../nodes/http/exchange-error';
import type { Limiter } from '../../../nodes/http/limiter';
import type { OriginState } from '../../../nodes/http/origin-state';
import { Abort } from '../../../nodes/util/abort';
import { errorOf } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const HERE = 'http://127.0.0.1:9';
const THERE = 'http://localhost:9';

describe('Services', () => {
  let included: OriginState[];
  beforeEach(() => (included = []));
  const services = (options: Partial<ServicesOptions> = {}): Services => {
    const limiter = { include: (state: OriginState) => void included.push(state) } as unknown as Limiter;
    const connections = { connections: 1, connectTimeoutMs: 1000 };
    return new Services({ baseUrl: `${HERE}/v1`, apiKey: 'key', timeout: 1, ...options }, connections, limiter);
  };

  for (const [what, options, origins] of [
    ['the provisioning service alone', {}, [HERE]],
    ['both, if the device API is elsewhere', { deviceApiUrl: THERE }, [HERE, THERE]],
    ['one, if both are on it', { deviceApiUrl: `${HERE}/devices` }, [HERE]],
    ['the provisioning service alone, if the field is blank', { deviceApiUrl: '  ' }, [HERE]],
    [
      "nRF Cloud's, if the base URL has its default host",
      { baseUrl: 'https://api.provisioning.nrfcloud.com/v1' },
      ['https://api.provisioning.nrfcloud.com', 'https://api.nrfcloud.com'],
    ],
  ] as const) {
    it(`origins: ${what}`, () => {
      assert.deepEqual(services(options).origins, origins);
    });
  }

  it('names the field of a device API URL that cannot be used', () => {
    assert.throws(
      () => services({ deviceApiUrl: 'ftp://example.com' }),
      ({ name, message }: Error) => {
        assertSentence(message);
        return name === 'RangeError';
      },
    );
  });

  it('of: the device API is made when it is needed, and once', () => {
    const both = services({ deviceApiUrl: THERE });
    assert.equal(both.of('list devices'), both.provisioning);
    assert.deepEqual(both.all, [both.provisioning]);
    const device = both.of('get account');
    assert.equal(device.origin, THERE);
    assert.equal(both.of('list onboarded devices'), device);
    assert.deepEqual(both.all, [both.provisioning, device]);
  });

  it('of: an unknown device API is not configured', () => {
    assert.throws(
      () => services().of('get account'),
      ({ code, message }: NrfCloudError) => {
        assertSentence(message);
        return code === 'NRFCLOUD_NOT_CONFIGURED';
      },
    );
  });

  it('state: two services on one origin share it, and the limiter gets it once', () => {
    const both = services({ deviceApiUrl: `${HERE}/devices` });
    assert.equal(both.of('get account').state, both.provisioning.state);
    assert.deepEqual(included, [both.provisioning.state]);
  });

  it('state: each of two origins has its own', () => {
    const both = services({ deviceApiUrl: THERE });
    const { state } = both.of('get account');
    assert.notEqual(state, both.provisioning.state);
    assert.deepEqual(included, [both.provisioning.state, state]);
  });

  it('state: connections to one origin share it, unless they are isolated', () => {
    const { state } = services().provisioning;
    assert.equal(services({ isolated: false }).provisioning.state, state);
    assert.notEqual(services({ isolated: true }).provisioning.state, state);
  });

  it('close: ends all connections', async () => {
    const both = services({ deviceApiUrl: THERE });
    const all = [both.provisioning, both.of('get account')];
    const request = { method: 'GET', path: '/', isList: false };
    const send = (): Promise<unknown[]> =>
      Promise.all(all.map(({ transport }) => errorOf(transport.send(request, {}, new Abort()))));
    // The first request makes the connections.
    await send();
    await both.close();
    for (const error of await send()) {
      assert.ok(error instanceof ExchangeError);
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'UND_ERR_DESTROYED');
    }
  });
});
