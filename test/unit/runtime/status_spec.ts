import assert from 'node:assert/strict';
import { StatusDisplay } from '../../../nodes/runtime/status';
import { stopClock, type Clock } from '../../support/clock';

const SHARED = 'node-red-contrib-nrfcloud-provisioning/nrfcloud-connection:nrfcloud-connection';
/** How long statuses that differ in number only are kept back. */
const QUIET_MS = 200;

describe('StatusDisplay', () => {
  let clock: Clock;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());
  const start = (): { display: StatusDisplay; shown: unknown[] } => {
    const shown: unknown[] = [];
    const display = new StatusDisplay(
      { status: (status) => void shown.push(status) },
      { working: 'working', done: 'done' },
    );
    return { display, shown };
  };
  const blue = (text: string): object => ({ fill: 'blue', shape: 'dot', text });
  const green = (text: string): object => ({ fill: 'green', shape: 'dot', text });
  const yellow = (text: string): object => ({ fill: 'yellow', shape: 'ring', text });
  const red = (code: string): object => ({ fill: 'red', shape: 'ring', text: `${SHARED}.error.${code}` });

  it('status: it shows work, waiting and the end of one message', () => {
    const { display, shown } = start();
    const message = display.begin();
    message.waiting(true);
    message.waiting(true);
    message.waiting(false);
    message.end();
    assert.deepEqual(shown, [blue('working'), yellow(`${SHARED}.status.waiting`), blue('working'), green('done')]);
  });

  it('status: it shows the code of a failure', () => {
    const { display, shown } = start();
    const message = display.begin();
    message.waiting(true);
    message.end('NRFCLOUD_TIMEOUT');
    assert.deepEqual(shown.at(-1), red('NRFCLOUD_TIMEOUT'));
    display.begin();
    assert.deepEqual(shown.at(-1), blue('working'));
  });

  it('status: progress of a message is shown, also at its end', async () => {
    const { display, shown } = start();
    const message = display.begin();
    message.progress('1 of 2');
    assert.equal(shown.length, 1);
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown.at(-1), blue('1 of 2'));
    message.end();
    assert.deepEqual(shown.at(-1), green('1 of 2'));
  });

  it('status: one message may have other texts', async () => {
    const { display, shown } = start();
    const message = display.begin();
    message.describe({ working: 'blocking', done: 'blocked' });
    await clock.jump(QUIET_MS);
    message.end();
    assert.deepEqual(shown, [blue('working'), blue('blocking'), green('blocked')]);
  });

  it('status: several messages are counted, with those that have not begun, and yellow only when all wait', async () => {
    const { display, shown } = start();
    const [one, two] = [display.begin(), display.begin()];
    display.setQueued(3);
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown, [blue('working'), blue('5 …')]);
    one.waiting(true);
    two.waiting(true);
    assert.deepEqual(shown.at(-1), yellow('5 …'));
    two.end();
    display.setQueued(0);
    assert.deepEqual(shown.at(-1), yellow('5 …'));
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown.at(-1), yellow(`${SHARED}.status.waiting`));
    one.end();
    assert.deepEqual(shown.at(-1), green('done'));
  });

  it('status: what is shown already is not shown again', async () => {
    const { display, shown } = start();
    const message = display.begin();
    message.progress('working');
    await clock.jump(QUIET_MS);
    assert.equal(shown.length, 1);
    display.setQueued(0);
    await clock.jump(QUIET_MS);
    assert.equal(shown.length, 1);
  });

  it('status: before the first message there is none', async () => {
    const { display, shown } = start();
    display.setQueued(0);
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown, []);
  });

  it('status: once it is closed it stays empty', async () => {
    const { display, shown } = start();
    const message = display.begin();
    message.progress('1');
    display.close();
    message.end();
    display.begin();
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown, [blue('working'), {}]);
  });

  for (const [level, fill, shape] of [
    ['done', 'green', 'dot'],
    ['partial', 'yellow', 'dot'],
    ['failed', 'red', 'ring'],
  ] as const) {
    it(`status: a message that ended as ${level} is ${fill}`, () => {
      const { display, shown } = start();
      display.begin().end(undefined, { level, text: 'text' });
      assert.deepEqual(shown.at(-1), { fill, shape, text: 'text' });
    });
  }

  it('status: pending messages are blue, and yellow while the service cannot be asked', () => {
    const { display, shown } = start();
    const message = display.begin();
    message.pend();
    assert.deepEqual(shown.at(-1), blue('working'));
    display.setTrouble(true);
    assert.deepEqual(shown.at(-1), yellow(`${SHARED}.status.waiting`));
    display.setTrouble(false);
    assert.deepEqual(shown.at(-1), blue('working'));
    display.unpend();
    display.begin().end();
    assert.deepEqual(shown.at(-1), green('done'));
  });

  it('status: a problem of the node is red until a message comes', () => {
    const { display, shown } = start();
    display.setProblem('NRFCLOUD_NOT_CONFIGURED');
    assert.deepEqual(shown.at(-1), red('NRFCLOUD_NOT_CONFIGURED'));
    display.begin();
    assert.deepEqual(shown.at(-1), blue('working'));
  });

  it('status: a text that changes is shown 200 ms later, and the last one of several counts', async () => {
    const { display, shown } = start();
    const message = display.begin();
    message.progress('1');
    await clock.jump(QUIET_MS - 1);
    message.progress('2');
    assert.deepEqual(shown, [blue('working')]);
    await clock.jump(1);
    assert.deepEqual(shown, [blue('working'), blue('2')]);
    message.progress('3');
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown.slice(2), [blue('3')]);
  });

  it('status: another colour is shown at once, with the newest text', async () => {
    const { display, shown } = start();
    const message = display.begin();
    message.progress('1');
    message.end();
    assert.deepEqual(shown.slice(1), [green('1')]);
    await clock.jump(QUIET_MS);
    assert.equal(shown.length, 2);
  });

  it('status: one of two messages that goes on after a wait leaves it blue', () => {
    const { display, shown } = start();
    const [one] = [display.begin(), display.begin()];
    one.waiting(true);
    one.waiting(false);
    assert.deepEqual(shown, [blue('working')]);
  });

  it('status: pending messages count with those that are at work and those that have not begun', async () => {
    const { display, shown } = start();
    display.begin().pend();
    display.begin().pend();
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown.at(-1), blue('2 …'));
    display.begin();
    display.setQueued(4);
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown.at(-1), blue('7 …'));
  });

  it('status: recorded work that is taken up after a restart counts as pending', async () => {
    const { display, shown } = start();
    display.unpend(1);
    assert.deepEqual(shown, [blue('working')]);
    display.unpend(2);
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown.at(-1), blue('3 …'));
    for (let count = 0; count < 4; count++) display.unpend();
    display.begin().end();
    assert.deepEqual(shown.at(-1), green('done'));
    display.unpend(1);
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown.at(-1), blue('working'));
  });

  it('status: pending work has a text of its own as long as there is some', async () => {
    const { display, shown } = start();
    display.setPendingText('1/2');
    const message = display.begin();
    assert.deepEqual(shown, [blue('working')]);
    message.pend();
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown.at(-1), blue('1/2'));
    display.setPendingText(undefined);
    await clock.jump(QUIET_MS);
    assert.deepEqual(shown.at(-1), blue('working'));
  });

  it('status: pending work that waits for the service leaves messages at work blue', () => {
    const { display, shown } = start();
    display.begin().pend();
    display.begin();
    display.setTrouble(true);
    assert.deepEqual(shown, [blue('working')]);
  });

  it('status: a message that fails in a way of its own has the colour and text of that', () => {
    const { display, shown } = start();
    const message = display.begin();
    message.failAs({ level: 'partial', text: 'some' });
    message.end('NRFCLOUD_REJECTED');
    assert.deepEqual(shown.at(-1), { fill: 'yellow', shape: 'dot', text: 'some' });
  });

  it('status: a note is yellow until a message comes', () => {
    const { display, shown } = start();
    display.note('journalUnavailable');
    assert.deepEqual(shown, [yellow(`${SHARED}.status.journalUnavailable`)]);
    display.begin();
    assert.deepEqual(shown.at(-1), blue('working'));
  });
});
