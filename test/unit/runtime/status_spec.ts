import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { StatusDisplay } from '../../../nodes/runtime/status';

const SHARED = 'node-red-contrib-nrfcloud-provisioning/nrfcloud-connection:nrfcloud-connection';
/** Longer than statuses that differ in number only are kept back. */
const QUIET_MS = 260;

describe('StatusDisplay', () => {
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

  it('shows work, waiting and the end of one message', () => {
    const { display, shown } = start();
    const message = display.begin();
    message.waiting(true);
    message.waiting(true);
    message.waiting(false);
    message.end();
    assert.deepEqual(shown, [blue('working'), yellow(`${SHARED}.status.waiting`), blue('working'), green('done')]);
  });

  it('shows the code of a failure', () => {
    const { display, shown } = start();
    const message = display.begin();
    message.waiting(true);
    message.end('NRFCLOUD_TIMEOUT');
    assert.deepEqual(shown.at(-1), red('NRFCLOUD_TIMEOUT'));
    display.begin();
    assert.deepEqual(shown.at(-1), blue('working'));
  });

  it('shows what has been done so far, and goes on showing it at the end', async () => {
    const { display, shown } = start();
    const message = display.begin();
    message.progress('1 of 2');
    assert.equal(shown.length, 1);
    await setTimeout(QUIET_MS);
    assert.deepEqual(shown.at(-1), blue('1 of 2'));
    message.end();
    assert.deepEqual(shown.at(-1), green('1 of 2'));
  });

  it('takes other texts for one message', async () => {
    const { display, shown } = start();
    const message = display.begin();
    message.describe({ working: 'blocking', done: 'blocked' });
    await setTimeout(QUIET_MS);
    message.end();
    assert.deepEqual(shown, [blue('working'), blue('blocking'), green('blocked')]);
  });

  it('counts several messages, also those that have not begun, and is yellow only when all wait', async () => {
    const { display, shown } = start();
    const [one, two] = [display.begin(), display.begin()];
    display.setQueued(3);
    await setTimeout(QUIET_MS);
    assert.deepEqual(shown, [blue('working'), blue('5 …')]);
    one.waiting(true);
    two.waiting(true);
    assert.deepEqual(shown.at(-1), yellow('5 …'));
    two.end();
    display.setQueued(0);
    assert.deepEqual(shown.at(-1), yellow('5 …'));
    await setTimeout(QUIET_MS);
    assert.deepEqual(shown.at(-1), yellow(`${SHARED}.status.waiting`));
    one.end();
    assert.deepEqual(shown.at(-1), green('done'));
  });

  it('does not show again what is shown', async () => {
    const { display, shown } = start();
    const message = display.begin();
    message.progress('working');
    await setTimeout(QUIET_MS);
    assert.equal(shown.length, 1);
    display.setQueued(0);
    await setTimeout(QUIET_MS);
    assert.equal(shown.length, 1);
  });

  it('has nothing to show before the first message', async () => {
    const { display, shown } = start();
    display.setQueued(0);
    await setTimeout(QUIET_MS);
    assert.deepEqual(shown, []);
  });

  it('shows nothing more once it is closed', async () => {
    const { display, shown } = start();
    const message = display.begin();
    message.progress('1');
    display.close();
    message.end();
    display.begin();
    await setTimeout(QUIET_MS);
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
});
