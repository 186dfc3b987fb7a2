import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock } from '../../../nodes/work/node-clock';
import { NodeContextRig } from '../../support/node-context-rig';
import { removeUserDir } from '../../support/node-store-rig';

const SAVE_INTERVAL_MS = 60_000;

describe('node clock', () => {
  it('node clock: no crash can lose the saved time, as it is replaced and never removed', async () => {
    const rig = new NodeContextRig();
    const userDir = mkdtempSync(join(tmpdir(), 'node-clock-'));
    rig.userDir = userDir;
    const context = rig.open({ store: '' });
    try {
      const clock = createClock(context);
      /** The saved time, when it is at least this much. */
      const saved = async (ms: number): Promise<number> => {
        for (;;) {
          const found = (await context.store!.read('#clock'))?.['ms'];
          if (typeof found === 'number' && found >= ms) return found;
          await rig.clock.pass(1, 1);
        }
      };
      clock.run();
      await saved(0);
      await rig.clock.jump(SAVE_INTERVAL_MS);
      await saved(SAVE_INTERVAL_MS);
      const folder = join(userDir, 'nrfcloud-provisioning');
      const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
      const lines = files.flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
      const kinds = lines.map((line) => (JSON.parse(line) as { entry: { kind: string } }).entry.kind);
      assert.deepEqual(kinds, ['state', 'state']);
    } finally {
      rig.stop();
      await context.close();
      await removeUserDir(userDir, rig.clock);
      await rig.close();
    }
  });
});
