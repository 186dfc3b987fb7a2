import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { StatusDisplay } from '../../../nodes/runtime/status';

const SHARED = 'node-red-contrib-nrfcloud-provisioning/nrfcloud-connection:nrfcloud-connection';
/** Longer than statuses that differ in number only are kept back. */
const QUIET_MS = 260;

describe('StatusBoard', () => {
  const stage = (): { board: StatusDisplay; shown: unknown[] } => {
    const shown: unknown[] = [];
    const board = new StatusDisplay(
      { status: (status) => void shown.push(status) },
      { working: 'working', done: 'done' },
    );
    return { board, shown };
  };
  const blue = (text: string): object => ({ fill: 'blue', shape: 'dot', text });
  const green = (text: string): object => ({ fill: 'green', shape: 'dot', text });
  const yellow = (text: string): object => ({ fill: 'yellow', shape: 'ring', text });
  const red = (code: string): object => ({ fill: 'red', shape: 'ring', text: `${SHARED}.error.${code}` });

  it('shows work, waiting and the end of one message', () => {
    const { board, shown } = stage();
    const ticket = board.begin();
    ticket.waiting(true);
    ticket.waiting(true);
    ticket.waiting(false);
    ticket.end();
    assert.deepEqual(shown, [blue('working'), yellow(`${SHARED}.status.waiting`), blue('working'), green('done')]);
  });

  it('shows the code of a failure', () => {
    const { board, shown } = stage();
    const ticket = board.begin();
    ticket.waiting(true);
    ticket.end('NRFCLOUD_TIMEOUT');
    assert.deepEqual(shown.at(-1), red('NRFCLOUD_TIMEOUT'));
    board.begin();
    assert.deepEqual(shown.at(-1), blue('working'));
  });

  it('shows what has been done so far, and goes on showing it at the end', async () => {
    const { board, shown } = stage();
    const ticket = board.begin();
    ticket.progress('1 of 2');
    assert.equal(shown.length, 1);
    await setTimeout(QUIET_MS);
    assert.deepEqual(shown.at(-1), blue('1 of 2'));
    ticket.end();
    assert.deepEqual(shown.at(-1), green('1 of 2'));
  });

  it('takes other texts for one message', async () => {
    const { board, shown } = stage();
    const ticket = board.begin();
    ticket.describe({ working: 'blocking', done: 'blocked' });
    await setTimeout(QUIET_MS);
    ticket.end();
    assert.deepEqual(shown, [blue('working'), blue('blocking'), green('blocked')]);
  });

  it('counts several messages, also those that have not begun, and is yellow only when all wait', async () => {
    const { board, shown } = stage();
    const [one, two] = [board.begin(), board.begin()];
    board.behind(3);
    await setTimeout(QUIET_MS);
    assert.deepEqual(shown, [blue('working'), blue('5 …')]);
    one.waiting(true);
    two.waiting(true);
    assert.deepEqual(shown.at(-1), yellow('5 …'));
    two.end();
    board.behind(0);
    assert.deepEqual(shown.at(-1), yellow('5 …'));
    await setTimeout(QUIET_MS);
    assert.deepEqual(shown.at(-1), yellow(`${SHARED}.status.waiting`));
    one.end();
    assert.deepEqual(shown.at(-1), green('done'));
  });

  it('does not show again what is shown', async () => {
    const { board, shown } = stage();
    const ticket = board.begin();
    ticket.progress('working');
    await setTimeout(QUIET_MS);
    assert.equal(shown.length, 1);
    board.behind(0);
    await setTimeout(QUIET_MS);
    assert.equal(shown.length, 1);
  });

  it('has nothing to show before the first message', async () => {
    const { board, shown } = stage();
    board.behind(0);
    await setTimeout(QUIET_MS);
    assert.deepEqual(shown, []);
  });

  it('shows nothing more once it is closed', async () => {
    const { board, shown } = stage();
    const ticket = board.begin();
    ticket.progress('1');
    board.close();
    ticket.end();
    board.begin();
    await setTimeout(QUIET_MS);
    assert.deepEqual(shown, [blue('working'), {}]);
  });
});
