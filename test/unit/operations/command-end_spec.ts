import assert from 'node:assert/strict';
import { hasEnded, hasSucceeded, reasonOf } from '../../../nodes/operations/command-end';

describe('command end', () => {
  for (const [status, ended, succeeded] of [
    ['', false, false],
    ['PENDING', false, false],
    ['in_progress', false, false],
    ['SUCCEEDED', true, true],
    ['succeeded', true, true],
    ['FAILED', true, false],
    ['anything else', true, false],
  ] as const) {
    it(`command end: the status "${status}" ${ended ? 'is' : 'is not'} an end, ${succeeded ? 'a' : 'not a'} success`, () => {
      assert.deepEqual([hasEnded({ status }), hasSucceeded({ status })], [ended, succeeded]);
    });
  }

  const deep = (levels: number): object => (levels === 0 ? { code: 7 } : { inner: deep(levels - 1) });

  for (const [what, command, expected] of [
    ['no reason', {}, 'the command ended as FAILED: the service shows no reason'],
    [
      'a known type',
      { request: { finished: {} } },
      'the command finished ended as FAILED: the service shows no reason',
    ],
    ['an unknown type', { request: { other: {} } }, 'the command ended as FAILED: the service shows no reason'],
    ['text', { error: ' out of memory ' }, 'the command ended as FAILED: out of memory'],
    ['empty text', { error: ' ', message: 'no answer' }, 'the command ended as FAILED: no answer'],
    ['code and message', { error: { code: 528, message: 'no key' } }, 'the command ended as FAILED: error 528, no key'],
    ['a code as text', { response: { code: '0x20' } }, 'the command ended as FAILED: error 0x20'],
    ['cme', { response: { cme: 514 } }, 'the command ended as FAILED: error 514'],
    ['errorCode', { response: { errorCode: 3 } }, 'the command ended as FAILED: error 3'],
    ['a message alone', { response: { message: 'not allowed' } }, 'the command ended as FAILED: not allowed'],
    ['text in an object', { response: { text: 'not allowed' } }, 'the command ended as FAILED: not allowed'],
    ['a description', { response: { description: 'busy' } }, 'the command ended as FAILED: busy'],
    ['the error before the response', { error: 'one', response: 'two' }, 'the command ended as FAILED: one'],
    [
      'an error beside others',
      { response: { a: { code: 1 }, error: { code: 2 } } },
      'the command ended as FAILED: error 2',
    ],
    ['an error three levels down', { response: deep(3) }, 'the command ended as FAILED: error 7'],
    ['an error too far down', { response: deep(4) }, 'the command ended as FAILED: the service shows no reason'],
    ['a list', { error: [1, 2] }, 'the command ended as FAILED: the service shows no reason'],
  ] as const) {
    it(`command end: the reason is found in ${what}`, () => {
      assert.equal(reasonOf({ status: 'FAILED', ...command }), expected);
    });
  }
});
