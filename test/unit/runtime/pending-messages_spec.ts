import assert from 'node:assert/strict';
import type { NodeMessage } from 'node-red';
import type { NodeStore } from '../../../nodes/runtime/journal/node-store';
import { endHeld, PendingMessages, type PendingMessage } from '../../../nodes/runtime/pending-messages';
import { NodeStoreRig, valuesIn } from '../../support/node-store-rig';
import { assertSentence } from '../../support/sentences';

/** Longer than a property that stays with the small ones. */
const LARGE = 'x'.repeat(600);
const WORK = { step: 1 };

const send = (): void => undefined;
const done = (): void => undefined;

/** A message with a small property, a large one, and a large one that JSON does not keep. */
function message(): NodeMessage & Record<string, unknown> {
  return { _msgid: 'm1', topic: 'small', payload: { text: LARGE }, bytes: Buffer.from(LARGE) };
}

/** Parts that cannot be read, so that nothing is recorded. */
// eslint-disable-next-line require-yield
function* failingParts(): Generator {
  throw new Error('broken');
}

describe('PendingMessages', () => {
  let rig: NodeStoreRig;
  let store: NodeStore;
  let pending: PendingMessages;

  beforeEach(() => {
    rig = new NodeStoreRig();
    ({ store } = rig.deploy(''));
    pending = new PendingMessages(store);
  });
  afterEach(() => rig.close());

  /** Starts Node-RED again. @returns the message of a key, taken up again */
  async function restart(key: string): Promise<PendingMessage> {
    pending.takeAll();
    ({ store } = rig.deploy(''));
    pending = new PendingMessages(store);
    const state = (await store.load()).get(key);
    assert.ok(state);
    return pending.resume(key, state, send);
  }

  describe('hold', () => {
    it('takes the large properties out of a message that it records', async () => {
      const msg = message();
      const held = await pending.hold('a', msg, WORK, send, done);
      assert.deepEqual(Object.keys(msg), ['_msgid', 'topic', 'bytes']);
      assert.equal(held.msg, msg);
      assert.deepEqual((await store.read('a'))?.['work'], WORK);
    });

    it('removes a property that the work replaces, and does not record it', async () => {
      const msg = message();
      await pending.hold('a', msg, WORK, send, done, { without: ['topic'] });
      assert.equal('topic' in msg, false);
      assert.equal('topic' in (await pending.readResumed(await restart('a'))), false);
    });

    it('keeps a property that the work replaces if the message of an error needs it', async () => {
      const msg = message();
      await pending.hold('a', msg, WORK, send, done, { without: ['topic'], keepsReplaced: true });
      assert.equal(msg['topic'], 'small');
    });

    it('keeps a property that is too large to be recorded in the message, and reports that once', async () => {
      const image = Buffer.alloc(20 * 2 ** 20);
      for (const key of ['a', 'b']) {
        const msg = { ...message(), image, ['film\n']: image };
        const held = await pending.hold(key, msg, WORK, send, done);
        assert.equal(msg.image, image);
        assert.deepEqual(
          Object.keys(await pending.readWhole(held)).sort(),
          Object.keys({ ...message(), image, ['film\n']: 1 }).sort(),
        );
      }
      const { warnings } = rig.deployed.at(-1)!;
      assert.equal(warnings.length, 1);
      assertSentence(warnings[0]);
      const resumed = await pending.readWhole(await restart('a'));
      assert.deepEqual(resumed, { ...message(), resumed: true });
    });

    it('leaves all properties in a message that stays whole', async () => {
      const msg = message();
      await pending.hold('a', msg, WORK, send, done, { staysWhole: true });
      assert.deepEqual(msg, message());
    });

    for (const staysWhole of [false, true]) {
      it(`returns all properties to a message that is not recorded, with staysWhole ${staysWhole}`, async () => {
        const msg = message();
        const options = { parts: failingParts(), without: ['topic'], staysWhole };
        const held = await pending.hold('a', msg, WORK, send, done, options);
        assert.deepEqual(msg, message());
        assert.equal(held.record, undefined);
        assert.equal(pending.has(held), true);
      });
    }

    it('leaves a message as it is when there is no store', async () => {
      const msg = message();
      const unrecorded = new PendingMessages(undefined);
      const held = await unrecorded.hold('a', msg, WORK, send, done, { without: ['topic'] });
      assert.deepEqual(msg, message());
      assert.equal(held.record, undefined);
      assert.equal(unrecorded.size, 1);
    });
  });

  describe('adopt', () => {
    it('takes the large properties out of a message whose work is recorded', () => {
      const msg = message();
      const adopted = pending.adopt('a', msg, { version: 2, large: ['payload', 'bytes'] }, send, done);
      assert.deepEqual(Object.keys(msg), ['_msgid', 'topic', 'bytes']);
      assert.equal(pending.has(adopted), true);
    });

    it('leaves a message whole whose work is not recorded', () => {
      const msg = message();
      const adopted = pending.adopt('a', msg, undefined, send, done);
      assert.deepEqual(adopted, { key: 'a', msg: message(), send, done, record: undefined });
    });
  });

  describe('workParts', () => {
    const rows = [['row 1'], ['row 2']];

    it('reads the parts after those of the message', async () => {
      const held = await pending.hold('a', message(), WORK, send, done, { parts: rows });
      assert.deepEqual(await valuesIn(pending.workParts(held)), rows);
    });

    it('reads the parts of a message without large properties', async () => {
      const held = await pending.hold('a', { _msgid: 'm1' }, WORK, send, done, { parts: rows });
      assert.deepEqual(await valuesIn(pending.workParts(held)), rows);
    });

    it('reads the parts of a message that is taken up after a restart', async () => {
      await pending.hold('a', message(), WORK, send, done, { parts: rows });
      const resumed = await restart('a');
      assert.deepEqual(await valuesIn(pending.workParts(resumed)), rows);
    });

    it('reads nothing for a message that is not recorded', async () => {
      await pending.hold('a', message(), WORK, send, done, { parts: rows });
      const other = pending.adopt('a', message(), undefined, send, done);
      assert.deepEqual(await valuesIn(pending.workParts(other)), []);
    });

    it('reads nothing without a store', async () => {
      const unrecorded = new PendingMessages(undefined);
      const resumed = unrecorded.resume('a', { version: 2, large: [], work: WORK }, send);
      assert.deepEqual(await valuesIn(unrecorded.workParts(resumed)), []);
    });
  });

  describe('update', () => {
    it('records the new state of the work, and keeps the message', async () => {
      const held = await pending.hold('a', message(), WORK, send, done);
      await pending.update(held, { step: 2 });
      const resumed = await restart('a');
      assert.deepEqual((await store.read('a'))?.['work'], { step: 2 });
      assert.deepEqual(((await pending.readWhole(resumed)) as unknown as Record<string, unknown>)['payload'], {
        text: LARGE,
      });
    });

    it('leaves the record of another message with the same key alone', async () => {
      await pending.hold('a', message(), WORK, send, done);
      const other = pending.adopt('a', message(), undefined, send, done);
      await pending.update(other, { step: 2 });
      assert.deepEqual((await store.read('a'))?.['work'], WORK);
    });
  });

  describe('remove', () => {
    it('removes the record of a message that has ended', async () => {
      const held = await pending.hold('a', message(), WORK, send, done);
      await pending.remove(held);
      assert.equal(await store.read('a'), undefined);
    });

    it('leaves the record of another message with the same key alone', async () => {
      await pending.hold('a', message(), WORK, send, done);
      await pending.remove({ key: 'a', record: undefined });
      assert.deepEqual((await store.read('a'))?.['work'], WORK);
    });

    it('does nothing without a store', async () => {
      await assert.doesNotReject(new PendingMessages(undefined).remove({ key: 'a', record: {} }));
    });
  });

  describe('readResumed', () => {
    it('reads a message without its large properties, and marks it', async () => {
      await pending.hold('a', message(), WORK, send, done);
      const resumed = await restart('a');
      assert.deepEqual(await pending.readResumed(resumed), { _msgid: 'm1', topic: 'small', resumed: true });
      assert.equal(pending.size, 1);
    });
  });

  describe('readWhole', () => {
    it('reads all properties of a message that is taken up after a restart, and marks it', async () => {
      await pending.hold('a', message(), WORK, send, done);
      const resumed = await restart('a');
      assert.deepEqual(await pending.readWhole(resumed), { ...message(), resumed: true });
    });

    it('marks a message that cannot be read because there is no store', async () => {
      const unrecorded = new PendingMessages(undefined);
      const resumed = unrecorded.resume('a', { version: 2, large: ['payload'], work: WORK }, send);
      assert.deepEqual(await unrecorded.readWhole(resumed), { resumed: true });
    });

    it('returns another message with the large properties, and leaves the one that is held as it is', async () => {
      const msg = message();
      const held = await pending.hold('a', msg, WORK, send, done);
      const whole = await pending.readWhole(held);
      assert.deepEqual(whole, message());
      assert.notEqual(whole, msg);
      assert.equal('payload' in msg, false);
    });

    it('returns the message that is held if nothing is missing in it', async () => {
      const msg = message();
      const held = await pending.hold('a', msg, WORK, send, done, { staysWhole: true });
      assert.equal(await pending.readWhole(held), msg);
    });

    it('keeps the value of a large property that the flow set meanwhile', async () => {
      const msg = message();
      const held = await pending.hold('a', msg, WORK, send, done);
      msg.payload = 'new';
      assert.equal(((await pending.readWhole(held)) as { payload?: unknown }).payload, 'new');
    });

    it('adds no property whose record is gone', async () => {
      const held = await pending.hold('a', message(), WORK, send, done);
      await store.remove('a');
      assert.equal('payload' in (await pending.readWhole(held)), false);
    });
  });

  describe('take', () => {
    it('takes each message once', async () => {
      const held = await pending.hold('a', message(), WORK, send, done);
      assert.equal(pending.take(held), true);
      assert.equal(pending.take(held), false);
      assert.equal(pending.has(held), false);
    });

    it('takes all messages at once, in order, and keeps their records', async () => {
      const held = await pending.hold('a', message(), WORK, send, done);
      const adopted = pending.adopt('b', message(), undefined, send, done);
      assert.deepEqual(pending.takeAll(), [held, adopted]);
      assert.equal(pending.size, 0);
      assert.deepEqual((await store.read('a'))?.['work'], WORK);
    });
  });

  describe('restore', () => {
    it('returns the large properties to the message that is held', async () => {
      const msg = message();
      const held = await pending.hold('a', msg, WORK, send, done);
      await pending.restore(held);
      assert.equal(held.msg, msg);
      assert.deepEqual(msg, message());
    });

    it('reads the message that is taken up after a restart', async () => {
      await pending.hold('a', message(), WORK, send, done);
      const resumed = await restart('a');
      await pending.restore(resumed);
      assert.deepEqual(resumed.msg, { ...message(), resumed: true });
    });
  });
});

describe('endHeld', () => {
  it('shows Node-RED what left for the time of the call only', () => {
    const held = { _msgid: 'm1', topic: 'small', onlyHeld: 1 };
    const whole = { _msgid: 'm1', topic: 'new', payload: LARGE };
    const error = new Error('failed');
    const seen: unknown[] = [];
    endHeld(held, whole, (given) => void seen.push(given, { ...held }))(error);
    assert.deepEqual(seen, [error, whole]);
    assert.deepEqual(held, { _msgid: 'm1', topic: 'small', onlyHeld: 1 });
  });

  it('returns the held properties when Node-RED throws', () => {
    const held = { _msgid: 'm1' };
    const end = endHeld(held, { _msgid: 'm1', payload: LARGE }, () => {
      throw new Error('broken');
    });
    assert.throws(() => end(), { message: 'broken' });
    assert.deepEqual(held, { _msgid: 'm1' });
  });

  it('keeps a property of the message that is read-only', () => {
    const held = Object.defineProperty({ _msgid: 'm1' }, 'topic', { value: 'fixed', enumerable: true });
    let seen: unknown;
    endHeld(held, { _msgid: 'm1', topic: 'new', payload: 1 }, () => void (seen = { ...held }))();
    assert.deepEqual(seen, { _msgid: 'm1', topic: 'fixed', payload: 1 });
  });

  it('ends the message that left itself as it is', () => {
    const held = Object.freeze({ _msgid: 'm1' });
    assert.equal(endHeld(held, held, done), done);
  });
});
