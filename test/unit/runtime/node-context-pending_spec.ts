import assert from 'node:assert/strict';
import type { NrfCloudError } from '../../../nodes/api/errors';
import { NodeContextRig } from '../../support/node-context-rig';
import { assertSentence } from '../../support/sentences';

const NOTHING = (): Promise<undefined> => Promise.resolve(undefined);
/** Pending messages that end at once. */
const MAX_ENDING = 16;
/** Requests of a node that begin before others have started. */
const MAX_AHEAD = 32;

describe('node context with pending messages', () => {
  let rig: NodeContextRig;
  beforeEach(() => (rig = new NodeContextRig()));
  afterEach(() => rig.close());

  /** A message that an earlier run of the node has recorded, and this one has taken up. */
  const resume = async (store = 'default') => {
    const earlier = rig.store(store);
    await earlier.create('key', { version: 2, work: {}, large: [] }, [{ topic: 'a' }]);
    await earlier.close();
    const context = rig.open({ store });
    const [pending] = await rig.resumed(context);
    assert.ok(pending);
    return { context, pending };
  };

  it('node context: work that ends without a request lets the next work begin', async () => {
    const context = rig.open({ keepsRecords: false });
    const ends: (() => void)[] = [];
    const work = (): Promise<void> => new Promise((end) => ends.push(end));
    for (let count = 0; count < MAX_AHEAD + 2; count++) void context.request(new AbortController().signal, work);
    await rig.clock.pass(1);
    assert.equal(ends.length, MAX_AHEAD);
    ends[0]!();
    await rig.clock.pass(1);
    assert.equal(ends.length, MAX_AHEAD + 1);
  });

  it('node context: resumed work sends by its node, and the message is what was recorded', async () => {
    const { context, pending } = await resume();
    assert.equal(rig.unpended, 1);
    pending.send({ _msgid: '1' });
    assert.deepEqual(rig.sent, [{ _msgid: '1' }]);
    await context.end(pending, NOTHING);
    assert.deepEqual(rig.begun[0]!.msg, { topic: 'a', resumed: true });
    assert.equal(rig.unpended, 0);
  });

  it('node context: only an error of resumed work that was not stopped is reported, with its message', async () => {
    const { context, pending } = await resume();
    rig.begin = ({ done }) => {
      done();
      done(rig.stopped);
      done(new Error('failed'));
      return Promise.resolve();
    };
    await context.end(pending, NOTHING);
    assert.equal(rig.errors.length, 1);
    const [[error, msg]] = rig.errors as [[Error, unknown]];
    assert.deepEqual([error.message, msg], ['failed', rig.begun[0]!.msg]);
  });

  it('node context: a message that ends is reported to Node-RED, and to the log only if that does not hold it', async () => {
    const context = rig.open();
    const ended: unknown[] = [];
    const failure = new Error('failed');
    rig.begin = async ({ done }) => {
      await Promise.resolve();
      done(failure);
    };
    await context.end(await rig.hold(context, 'key', { _msgid: '1' }, ended), NOTHING);
    await rig.clock.pass(1);
    assert.deepEqual([ended, rig.errors], [[failure], []]);
  });

  it('node context: messages that are stopped say whether their work continues, and resumed work is silent', async () => {
    const { context } = await resume();
    const ended: unknown[] = [];
    await rig.hold(context, 'recorded', { _msgid: '1' }, ended);
    await context.stopPending();
    const unrecorded = rig.open({ keepsRecords: false });
    await rig.hold(unrecorded, 'unrecorded', { _msgid: '2' }, ended);
    await unrecorded.stopPending();
    await unrecorded.close();
    assert.deepEqual(
      (ended as { code: string; resumes: boolean }[]).map(({ code, resumes }) => [code, resumes]),
      [
        ['NRFCLOUD_CLOSED', true],
        ['NRFCLOUD_CLOSED', false],
      ],
    );
    assert.deepEqual([rig.begun, rig.errors], [[], []]);
  });

  it('node context: a message that was stopped does not end again', async () => {
    const context = rig.open();
    const pending = await rig.hold(context, 'key');
    context.pending.takeAll();
    await context.end(pending, NOTHING);
    assert.deepEqual([rig.begun, rig.unpended], [[], 0]);
  });

  it('node context: records of the node itself are no work, and a node that is stopped takes nothing up', async () => {
    const earlier = rig.store();
    for (const key of ['#clock', 'key']) await earlier.create(key, { version: 2, key });
    const own: unknown[] = [];
    const taken: unknown[] = [];
    const context = rig.open();
    context.onRecords(
      (state) => void taken.push(state),
      (records) => void own.push(...records.keys()),
    );
    rig.events.emit('flows:started');
    await rig.clock.pass(5);
    assert.deepEqual([own, taken], [['#clock', 'key'], [{ version: 2, key: 'key' }]]);
    for (const isEarly of [true, false]) {
      rig.open().onRecords(() => assert.fail('taken up'));
      if (isEarly) rig.stop();
      rig.events.emit('flows:started');
      rig.stop();
      await rig.clock.pass(5);
    }
    assert.equal(rig.unpended, 1);
  });

  it('node context: a record that cannot be taken up is reported and kept, and the others are taken up', async () => {
    const earlier = rig.store();
    for (const key of ['damaged', 'whole']) await earlier.create(key, { version: 2, work: {}, large: [] });
    await earlier.close();
    const context = rig.open();
    const taken: string[] = [];
    context.onRecords((_state, { key }) => {
      assert.notEqual(key, 'damaged', 'no work');
      taken.push(key);
    });
    rig.events.emit('flows:started');
    await rig.clock.pass(400, 50);
    assert.deepEqual([taken, rig.errors.length, rig.unpended, context.pending.size], [['whole'], 1, 1, 1]);
    assertSentence(rig.errors[0]![0]);
    assert.ok((await rig.store().load()).has('damaged'));
  });

  it('node context: a failure after the start of the flows is reported', async () => {
    const context = rig.open({ keepsRecords: false });
    context.onStarted(() => undefined);
    context.onStarted(() => Promise.reject(new Error('failed')));
    context.onRecords(() => assert.fail('no records are kept'));
    rig.events.emit('flows:started');
    await rig.clock.pass(2);
    assert.deepEqual(rig.errors, [['failed', undefined]]);
  });

  it('node context: the status shows what the work says', () => {
    const context = rig.open();
    context.setTrouble(true);
    context.setPendingText('1/2');
    assert.deepEqual(rig.shown, [true, '1/2']);
  });

  it('node context: progress of resumed work that was stopped meanwhile is not sent', async () => {
    const { context, pending } = await resume();
    context.emit(pending, { payload: 1 });
    context.pending.takeAll();
    await rig.clock.pass(2);
    assert.deepEqual([rig.sent, rig.errors], [[], []]);
  });

  it('node context: progress of resumed work whose message cannot be read is an error', async () => {
    const { context, pending } = await resume('file');
    rig.failure = new Error('down');
    context.emit(pending, { payload: 1 });
    await rig.clock.pass(2);
    assert.deepEqual([rig.sent, rig.errors.length], [[], 1]);
    const [[error, msg]] = rig.errors as [[NrfCloudError, unknown]];
    assert.deepEqual([error.code, msg], ['NRFCLOUD_INVALID_INPUT', { resumed: true }]);
    assertSentence(error.message);
  });

  it('node context: progress of resumed work that cannot be sent is an error with its message', async () => {
    const { context, pending } = await resume();
    Object.assign(pending, { send: () => assert.fail('cannot be copied') });
    context.emit(pending, { payload: 1 });
    await rig.clock.pass(2);
    assert.deepEqual(
      rig.errors.map(([, msg]) => msg),
      [{ topic: 'a', resumed: true }],
    );
  });

  it('node context: a result that cannot be sent is an error of its message, and is not thrown', async () => {
    const context = rig.open();
    const pending = await rig.hold(context, 'key');
    const failing = { ...pending, send: () => assert.fail('cannot be copied') };
    context.emit(failing, { payload: 1 });
    const [[error, msg]] = rig.errors as [[NrfCloudError, unknown]];
    assert.deepEqual([error.code, msg, rig.errors.length], ['NRFCLOUD_INVALID_INPUT', pending.msg, 1]);
    assertSentence(error.message);
  });

  it('node context: sixteen messages end at once, and each that has ended lets one more end', async () => {
    const context = rig.open();
    const ends: (() => void)[] = [];
    const failures: unknown[] = [];
    rig.begin = async ({ onEnd }) => {
      await new Promise<void>((end) => ends.push(end));
      await onEnd!().catch((error: unknown) => failures.push(error));
    };
    for (let count = 0; count < MAX_ENDING + 4; count++) {
      void context.end(await rig.hold(context, `key ${count}`), NOTHING);
    }
    await rig.clock.pass(50);
    assert.equal(rig.begun.length, MAX_ENDING);
    for (const ended of [1, 2]) {
      ends[ended]!();
      await rig.clock.pass(10);
      assert.equal(rig.begun.length, MAX_ENDING + ended);
    }
    assert.deepEqual(failures, []);
  });

  it('node context: a message that ends alone has ended before anything waits for it', async () => {
    const context = rig.open();
    const ended: unknown[] = [];
    rig.begin = async ({ onEnd }) => {
      await onEnd!();
      ended.push('ended');
    };
    await context.end(await rig.hold(context, 'key'), NOTHING);
    await rig.clock.pass(2);
    assert.deepEqual(ended, ['ended']);
  });

  it('node context: a message resumes only if it is recorded', async () => {
    for (const keepsRecords of [true, false]) {
      const context = rig.open({ keepsRecords });
      await context.end(await rig.hold(context, 'key'), NOTHING);
      assert.equal(rig.begun.at(-1)!.resumes, keepsRecords);
    }
  });

  it('node context: a message whose record another instance has taken over ends without a result', async () => {
    const context = rig.open({ store: 'file' });
    const ended: unknown[] = [];
    const pending = await rig.hold(context, 'key', { _msgid: '1' }, ended);
    rig.kept.set('nrfcloud_key', { ...rig.kept.get('nrfcloud_key'), owner: 'another' });
    await context.end(pending, NOTHING);
    assert.deepEqual([ended, rig.begun, rig.unpended, rig.errors], [[undefined], [], -1, []]);
    assert.equal(context.pending.size, 0);
  });

  it('node context: resumed work that another instance has taken over ends without a result', async () => {
    const { context, pending } = await resume('file');
    rig.kept.set('nrfcloud_key', { ...rig.kept.get('nrfcloud_key'), owner: 'another' });
    await context.end(pending, NOTHING);
    assert.deepEqual([rig.begun, rig.unpended, rig.errors], [[], 0, []]);
  });

  it('node context: a message that is stopped while its owner is looked up is not ended again', async () => {
    const context = rig.open({ store: 'file' });
    const ended: unknown[] = [];
    const pending = await rig.hold(context, 'key', { _msgid: '1' }, ended);
    rig.kept.clear();
    const end = context.end(pending, NOTHING);
    // The store is asked in the next turn, and by then the message is gone.
    await Promise.resolve();
    context.pending.takeAll();
    await end;
    assert.ok(rig.reads > 0);
    assert.deepEqual([ended, rig.unpended], [[], 0]);
  });

  it('node context: a record is read again after 1, 2, 4, 8 and 16 seconds, then every 30 seconds', async () => {
    const { context, pending } = await resume('file');
    rig.failure = new Error('down');
    rig.begin = ({ handler }) => {
      return assert.rejects(Promise.resolve(handler!({} as never)), ({ code }: NrfCloudError) => {
        return code === 'NRFCLOUD_INVALID_INPUT';
      });
    };
    void context.end(pending, NOTHING);
    const times: number[] = [];
    let { reads } = rig;
    for (let second = 0; second <= 151; second++) {
      await rig.clock.pass(0);
      if (rig.reads > reads) times.push(second);
      ({ reads } = rig);
      await rig.clock.jump(1000);
    }
    assert.deepEqual(times, [0, 1, 3, 7, 15, 31, 61, 91, 121, 151]);
    assert.deepEqual(rig.begun[0]!.msg, { resumed: true });
    assert.equal(rig.errors.length, 1);
    assertSentence(rig.errors[0]![0]);
  });

  for (const isBack of [true, false]) {
    const what = isBack ? 'is set aside if its store is back' : 'stays as it is while its store fails';
    it(`node context: the record of a message that ended as it could not be read ${what}`, async () => {
      const { context, pending } = await resume('file');
      rig.failure = new Error('down');
      rig.begin = async ({ onEnd }) => {
        if (isBack) rig.failure = undefined;
        await onEnd!();
      };
      void context.end(pending, NOTHING);
      await rig.clock.pass(200_000, 500);
      assert.equal(rig.begun.length, 1);
      rig.failure = undefined;
      const state = rig.kept.get('nrfcloud_key')!['state'] as object;
      assert.equal('setAside' in state, isBack);
    });
  }

  it('node context: messages that are stopped wait two seconds at most, all together, for a store', async () => {
    const context = rig.open({ store: 'file' });
    const ended: unknown[] = [];
    const rows = 'x'.repeat(1000);
    for (const key of ['1', '2', '3']) await rig.hold(context, key, { _msgid: key, rows }, ended);
    rig.clock.lag(10_000);
    rig.failure = 'silence';
    const stop = context.stopPending();
    await rig.clock.pass(1990, 10);
    assert.equal(ended.length, 0);
    await rig.clock.pass(10, 10);
    assert.equal(ended.length, 3);
    await stop;
  });
});

describe('the records of a node context', () => {
  let rig: NodeContextRig;
  beforeEach(() => (rig = new NodeContextRig()));
  afterEach(() => rig.close());

  it('node context: without usable settings it keeps no records', () => {
    const settings = (): never => assert.fail('invalid');
    assert.equal(rig.open({ settings }).store, undefined);
  });

  it('node context: without a name of a store it uses the journal, and the status says when it cannot', async () => {
    const context = rig.open({ settings: () => ({}) });
    assert.equal(await context.store!.isAvailable(), false);
    assert.deepEqual(rig.notes, ['journalUnavailable']);
    assert.equal(rig.warnings.length, 1);
  });

  it('node context: a node that does not resume gives recorded work up, and says how much', async () => {
    for (const key of ['a', 'b']) await rig.store().create(key, { version: 2 });
    const context = rig.open({ resume: false });
    assert.equal(context.store, undefined);
    rig.events.emit('flows:started');
    await rig.clock.pass(5);
    assert.equal(rig.warnings.length, 1);
    assertSentence(rig.warnings[0]);
    assert.equal((await rig.store().load()).size, 0);
  });

  it('node context: a node that does not resume has nothing to say if nothing is recorded', async () => {
    rig.open({ resume: false });
    rig.events.emit('flows:started');
    await rig.clock.pass(5);
    assert.deepEqual([rig.warnings, rig.errors], [[], []]);
  });
});
