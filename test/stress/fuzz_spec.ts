import { NODES, PURE } from '../../stress/fuzz/properties/index';
import type { AnyProperty } from '../../stress/fuzz/property';
import { runProperty, shareOut } from '../../stress/fuzz/run';

/** The same cases each time, so that a change is judged by what it changed; `npm run stress:fuzz` looks for new ones. */
const SEED = 20261128;

/** The short form of `npm run stress:fuzz`; `FUZZ_SEED` is another seed. */
describe('fuzz', () => {
  const seed = Number(process.env['FUZZ_SEED'] ?? SEED);

  const hold = (properties: AnyProperty[], cases: number): void => {
    for (const [index, count] of shareOut(properties, cases).entries()) {
      const one = properties[index]!;
      it(one.name, async function () {
        this.timeout(60_000);
        await runProperty(one, seed, count);
      });
    }
  };
  hold(PURE, 8000);
  hold(NODES, 800);
});
