import assert from 'node:assert/strict';
import { giveCatchTheCode, keepCode } from '../../../nodes/runtime/error-code';
import { NrfCloudError } from '../../../nodes/service/errors';

type Hook = (event: { msg: unknown; destination: { node: { type: string } } }) => void;

describe('the code of an error in Node-RED 4.0', () => {
  function red(version: string | undefined, withHooks = true): { RED: never; calls: string[]; hook: () => Hook } {
    const calls: string[] = [];
    let added: Hook | undefined;
    const hooks = {
      remove: (name: string) => void calls.push(`remove ${name}`),
      add: (name: string, hook: Hook) => {
        calls.push(`add ${name}`);
        added = hook;
      },
    };
    const RED = { version: version === undefined ? undefined : () => version, hooks: withHooks ? hooks : undefined };
    return { RED: RED as never, calls, hook: () => added! };
  }

  it('reaches Catch nodes, and nobody else', () => {
    const { RED, calls, hook } = red('4.0.9');
    giveCatchTheCode(RED);
    assert.deepEqual(calls, ['remove onReceive.nrfcloud-error-code', 'add onReceive.nrfcloud-error-code']);
    const error = new NrfCloudError('NRFCLOUD_CONFLICT', 'claim: no', { operation: 'claim', attempts: 1 });
    keepCode(error);
    const received = (type: string, told: unknown): unknown => {
      const msg = { error: told };
      hook()({ msg, destination: { node: { type } } });
      return msg.error;
    };
    const { cause } = error;
    assert.deepEqual(received('catch', { cause }), { cause, code: 'NRFCLOUD_CONFLICT' });
    assert.deepEqual(received('debug', { cause }), { cause });
    assert.deepEqual(received('catch', { cause: {} }), { cause: {} });
    assert.deepEqual(received('catch', { message: 'of another node' }), { message: 'of another node' });
    assert.equal(received('catch', undefined), undefined);
  });

  it('is left to Node-RED from 4.1 on, and where there is no hook', () => {
    for (const version of ['4.1.0', '5.0.7', '14.0.1', undefined]) {
      const { RED, calls } = red(version);
      giveCatchTheCode(RED);
      assert.deepEqual(calls, []);
    }
    giveCatchTheCode(red('4.0.9', false).RED);
  });
});
