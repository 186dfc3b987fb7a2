import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { util } from '@node-red/util';
import type { Node, NodeAPI } from 'node-red';
import { CONNECTION_TYPE } from '../../../nodes/runtime/connection-type';
import type { IncomingMessage } from '../../../nodes/runtime/incoming-message';
import { typed } from '../../../nodes/runtime/inputs';
import { MessageIntake } from '../../../nodes/runtime/message-intake';
import { NodeConfiguration } from '../../../nodes/runtime/node-configuration';
import { Abort } from '../../../nodes/util/abort';
import { stopClock, type Clock } from '../../support/clock';

/** Messages that begin at once before others wait. */
const AHEAD = 32;
const NO_TEXT = { active: '', done: '', failed: '' };

interface IntakeOptions {
  mayQueue?: boolean;
  /** The connection is not deployed. */
  unconnected?: boolean;
  /** Node-RED's limit of messages in a node. */
  maxMessages?: number;
  config?: object;
  canCancel?: boolean;
}

/** The intake of a node with the input `claim` from `msg.payload`, and what it did. */
function intakeOf({ mayQueue = true, unconnected = false, maxMessages, config, canCancel }: IntakeOptions = {}) {
  const seen = { begun: [] as IncomingMessage<object, undefined>[], queued: 0, reserved: 0, held: 0 };
  const client = { reserve: () => (seen.reserved++, () => seen.reserved--) };
  const RED = {
    util,
    settings: { nodeMessageBufferMaxLength: maxMessages },
    nodes: { getNode: () => (unconnected ? null : { type: CONNECTION_TYPE, client }) },
  };
  const definition = {
    operation: 'claim' as const,
    inputs: { claim: typed('payload', 'msg') },
    settings: {},
    status: NO_TEXT as never,
    mayQueue,
  };
  const properties = { connection: 'c', ...config };
  const node = { id: 'node' } as unknown as Node;
  const configuration = new NodeConfiguration(RED as unknown as NodeAPI, node, definition, properties);
  const signal = new Abort();
  const runner = {
    display: { setQueued: (messages: number) => (seen.queued = messages) },
    signal,
    begin: (message: IncomingMessage<object, undefined>) => seen.begun.push(message),
    held: () => seen.held,
  };
  const intake = new MessageIntake<object, undefined>(configuration, runner as never, canCancel);
  const take = (payload: unknown, onRecorded?: () => void): void => intake.take({ payload }, send, done, onRecorded);
  const fill = (): void => {
    for (let n = 0; n < AHEAD; n++) take(n);
  };
  return { intake, seen, signal, take, fill };
}

const send = (): void => undefined;
const done = (): void => undefined;

describe('MessageIntake', () => {
  let clock: Clock;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  it('begins messages at once, without reading their inputs', () => {
    const { seen, take } = intakeOf();
    const onRecorded = (): void => undefined;
    take('a', onRecorded);
    assert.deepEqual(seen.begun, [{ msg: { payload: 'a' }, send, done, refused: false, receivedAt: 0, onRecorded }]);
    assert.deepEqual([seen.queued, seen.reserved], [0, 0]);
  });

  it('queues messages when 32 have begun, and begins them in order as the others proceed', () => {
    const { intake, seen, take, fill } = intakeOf();
    fill();
    take('a');
    take('b');
    assert.deepEqual([seen.begun.length, seen.queued, seen.reserved], [AHEAD, 2, 2]);
    intake.proceed();
    assert.deepEqual([seen.begun.length, seen.queued, seen.reserved], [AHEAD + 1, 1, 1]);
    intake.flush();
    assert.deepEqual(
      seen.begun.slice(AHEAD).map(({ msg }) => msg),
      [{ payload: 'a' }, { payload: 'b' }],
    );
    assert.equal(seen.reserved, 0);
  });

  it('begins all messages at once if they may not wait', () => {
    const { seen, take, fill } = intakeOf({ mayQueue: false });
    fill();
    take('a');
    assert.deepEqual([seen.begun.length, seen.queued, seen.reserved], [AHEAD + 1, 0, 0]);
  });

  it('begins a message at once when the node is closed, so that it ends', () => {
    const { seen, signal, take, fill } = intakeOf();
    fill();
    signal.abort();
    take('a');
    assert.deepEqual([seen.begun.length, seen.queued, seen.reserved], [AHEAD + 1, 0, 0]);
  });

  it('begins a message at once when there is no connection, so that it reports that', () => {
    const { seen, take, fill } = intakeOf({ unconnected: true });
    fill();
    take('a');
    assert.deepEqual([seen.begun.length, seen.queued], [AHEAD + 1, 0]);
  });

  describe("Node-RED's limit of messages", () => {
    for (const [max, expected] of [
      [undefined, Infinity],
      [0, Infinity],
      [-1, Infinity],
      [1, 1],
    ] as const) {
      it(`is ${expected} for the setting ${max}`, () => {
        assert.equal(intakeOf({ maxMessages: max! }).intake.maxMessages, expected);
      });
    }

    it('refuses messages beyond it at once, those that wait counted', () => {
      const { seen, take, fill } = intakeOf({ maxMessages: 100 });
      fill();
      seen.held = 98;
      take('last but one');
      take('last');
      take('refused');
      assert.equal(seen.queued, 2);
      assert.deepEqual(seen.begun.at(-1), {
        msg: { payload: 'refused' },
        send,
        done,
        refused: true,
        receivedAt: 0,
        onRecorded: undefined,
      });
    });

    for (const canCancel of [true, false]) {
      it(`holds for messages that cancel others: ${canCancel ? 'no' : 'yes, if the node cannot'}`, () => {
        const { intake, seen } = intakeOf({ maxMessages: 1, canCancel });
        seen.held = 1;
        for (const cancel of [true, 'true', undefined]) intake.take({ cancel }, send, done);
        assert.deepEqual(
          seen.begun.map(({ refused }) => refused),
          [!canCancel, true, true],
        );
      });
    }
  });

  describe('inputs of a message that waits', () => {
    /** The inputs of a message that waited, after what happened meanwhile. */
    function inputsAfter(payload: unknown, meanwhile: () => void = () => undefined, options?: IntakeOptions): unknown {
      const { intake, seen, take, fill } = intakeOf(options);
      fill();
      take(payload);
      assert.equal(seen.queued, 1);
      meanwhile();
      intake.flush();
      return seen.begun.at(-1)!.inputs!();
    }

    it('are a text as it came', () => {
      assert.deepEqual(inputsAfter('id,token'), { claim: 'id,token' });
    });

    it('do not follow a change of a list', () => {
      const rows = ['a'];
      assert.deepEqual(
        inputsAfter(rows, () => rows.push('b')),
        { claim: ['a'] },
      );
    });

    it('do not follow a change of a list in an object', () => {
      const claim = { token: 't', tags: ['a'] };
      assert.deepEqual(
        inputsAfter(claim, () => claim.tags.push('b')),
        { claim: { token: 't', tags: ['a'] } },
      );
      assert.deepEqual(claim.tags, ['a', 'b']);
    });

    for (const [what, value] of [
      ['an object without lists', { token: 't' }],
      ['an object of a class with a list', Object.assign(new Map(), { tags: ['a'] })],
      ['bytes', Buffer.from('a')],
      ['null', null],
      [
        'an object whose property throws',
        {
          tags: ['a'],
          get token(): string {
            throw new Error('broken');
          },
        },
      ],
    ] as const) {
      it(`are ${what} itself`, () => {
        const { claim } = inputsAfter(value) as { claim: unknown };
        assert.equal(claim, value);
      });
    }

    it('are the rows of a list as they are', () => {
      const row = ['a'];
      const { claim } = inputsAfter([row]) as { claim: unknown[] };
      assert.equal(claim[0], row);
      assert.deepEqual(claim, [row]);
    });

    it('throw what reading them on arrival threw', () => {
      const config = { claim: 'key ${NOT_SET_ANYWHERE}', claimType: 'str' };
      assert.throws(() => inputsAfter('a', undefined, { config }), { code: 'NRFCLOUD_NOT_CONFIGURED' });
    });

    it('come later if they have to be waited for', async () => {
      const config = { claim: '{"token":"t"}', claimType: 'json' };
      assert.deepEqual(await inputsAfter('a', undefined, { config }), { claim: { token: 't' } });
    });

    it('fail when they are asked for, and not before then', async () => {
      const { intake, seen, take, fill } = intakeOf({ config: { claim: '{', claimType: 'json' } });
      // A rejection that nobody handles would end Node-RED.
      const unhandled: unknown[] = [];
      const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
      process.on('unhandledRejection', onUnhandled);
      fill();
      take('a');
      await setImmediate();
      process.off('unhandledRejection', onUnhandled);
      assert.deepEqual(unhandled, []);
      intake.flush();
      await assert.rejects(async () => seen.begun.at(-1)!.inputs!(), { code: 'NRFCLOUD_INVALID_INPUT' });
    });
  });
});
