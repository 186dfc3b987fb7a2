import assert from 'node:assert/strict';
import { Abort } from '../../nodes/util/abort';

/** A signal that counts who listens. */
export class ListenedStop extends Abort {
  listeners = 0;
  /** Who ever listened. */
  total = 0;

  override addEventListener(type: 'abort', listener: () => void, options?: { once: true }): void {
    assert.deepEqual([type, options], ['abort', { once: true }]);
    this.listeners++;
    this.total++;
    super.addEventListener(type, listener);
  }

  override removeEventListener(type: 'abort', listener: () => void): void {
    assert.equal(type, 'abort');
    this.listeners--;
    super.removeEventListener(type, listener);
  }
}
