import { NODES, PURE } from '../../stress/fuzz/properties/index';
import type { AnyProperty } from '../../stress/fuzz/property';
import { runProperty, settings, shareOut } from '../../stress/fuzz/run';

/** The short form of `npm run stress:fuzz`; a failure prints its seed, which `FUZZ_SEED` takes. */
describe('fuzz', () => {
  const { seed } = settings(0);

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
