import { startContender } from './contender';
import { claimFlow, PRODUCT } from './flows';
import { makeFolder } from './folder';
import { scaled, type Bench } from './runner/bench';
import { format } from './runner/format';
import { startService } from './service/service';

const CLAIMS = 5000;
const OUTAGE_S = 60;
/** How long the claims may take once the service is back, in seconds. */
const BACK_S = 120;

/** Claims that arrive while the service answers each request with a 500, for a minute. */
export const outage: Bench = {
  name: 'outage',
  mostRounds: 1,
  work: (scale) => `${format(scaled(CLAIMS, scale))} claims at once, in an outage of ${seconds(scale)} s`,
  start: async (load) => {
    const messages = scaled(CLAIMS, load.scale);
    const folder = makeFolder();
    const service = await startService();
    const tokens = await folder.tokens(messages);
    const product = await startContender(claimFlow(service.url), tokens, load);
    return {
      contenders: {
        [PRODUCT]: async () => {
          const outageMs = seconds(load.scale) * 1000;
          await service.behave({ outageMs });
          const begun = performance.now();
          const figures = await product.play({ tokens, messages, lostAfter: seconds(load.scale) + BACK_S });
          const { requests, claimed } = await service.counts();
          return {
            'requests a claim': requests / messages,
            'claims not done': messages - claimed,
            'seconds after the outage': (performance.now() - begun - outageMs) / 1000,
            'failed or lost': figures['failed or lost']!,
          };
        },
      },
      goals: [
        { figure: 'requests a claim', atMost: 1.5 },
        { figure: 'claims not done', atMost: 0 },
        { figure: 'failed or lost', atMost: 0 },
      ],
      stop: async () => {
        for (const part of [product, service]) await part.stop();
        folder.remove();
      },
    };
  },
};

function seconds(scale: number): number {
  return scaled(OUTAGE_S, scale);
}
