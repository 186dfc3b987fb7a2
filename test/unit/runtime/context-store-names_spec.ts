import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import { contextStores, isPersistent, storeName } from '../../../nodes/runtime/context-store';

const redWith = (contextStorage?: unknown): NodeAPI => ({ settings: { contextStorage } }) as never;

describe('names of context stores', () => {
  for (const [stores, name, expected, all] of [
    [undefined, 'file', 'default', ['default']],
    [{ default: 'memory', file: {} }, 'file', 'file', ['default', 'file']],
    [{ default: 'file', file: {} }, 'default', 'file', ['default', 'file']],
    [{ default: {}, file: {} }, 'missing', 'default', ['default', 'file']],
    [{ default: {}, file: {} }, 'default', 'default', ['default', 'file']],
    [{ file: {} }, 'default', 'file', ['default', 'file']],
  ] as const) {
    it(`names of context stores: ${name} of ${JSON.stringify(stores)} is ${expected}`, () => {
      assert.equal(storeName(redWith(stores), name), expected);
      assert.deepEqual(contextStores(redWith(stores)), all);
    });
  }
});

describe('whether a context store survives a restart', () => {
  const own = { module: { get: () => undefined } };
  for (const [stores, store, survives] of [
    [undefined, '', false],
    [{}, '', false],
    [{ default: 'memory' }, '', false],
    [{ default: { module: 'memory' } }, '', false],
    [{ default: 'localfilesystem' }, '', true],
    [{ default: { module: 'localfilesystem' } }, '', true],
    [{ default: 'file', file: { module: 'localfilesystem' } }, '', true],
    [{ default: 'ram', ram: { module: 'memory' } }, '', false],
    [{ default: 'memory', file: { module: 'localfilesystem' } }, 'file', true],
    [{ default: { module: 'localfilesystem' }, ram: { module: 'memory' } }, 'ram', false],
    [{ ram: { module: 'memory' }, file: { module: 'localfilesystem' } }, '', false],
    [{ file: { module: 'localfilesystem' }, ram: { module: 'memory' } }, '', true],
    [{ file: { module: 'localfilesystem' } }, 'unknown', true],
    [{ default: own }, '', true],
    [{ default: {} }, '', true],
  ] as const) {
    it(`${JSON.stringify(store)} of ${JSON.stringify(stores)}: ${String(survives)}`, () => {
      assert.equal(isPersistent(redWith(stores), store), survives);
    });
  }
});
