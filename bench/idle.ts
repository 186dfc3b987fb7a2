import { startContender } from './contender';
import { claimFlow, CORE, coreFlow, PRODUCT } from './flows';
import { makeFolder } from './folder';
import { scaled, type Bench, type Figures } from './runner/bench';
import { median, quantile } from './runner/median';
import { format } from './runner/format';
import { startService } from './service/service';

const MESSAGES = 200;

/** How long a message takes from its node's input until the request leaves, when there is nothing else to do. */
export const idle: Bench = {
  name: 'idle',
  work: (scale) => `${format(scaled(MESSAGES, scale))} claims, one by one; from message in to request out`,
  start: async (load) => {
    const messages = scaled(MESSAGES, load.scale);
    const folder = makeFolder();
    const service = await startService();
    const tokens = await folder.tokens(messages);
    const product = await startContender(claimFlow(service.url), tokens, load);
    const core = await startContender(coreFlow(service.url), tokens);
    // Each HTTP client tells of the moment on a channel of its own.
    const play = async ({ idle, readGauge }: typeof product, channel: string): Promise<Figures> => {
      const delays = await idle({ tokens, messages, channel });
      // A profile ends with it.
      await readGauge();
      return { 'median, ms': median(delays), 'p99, ms': quantile(delays, 0.99) };
    };
    return {
      contenders: {
        [PRODUCT]: () => play(product, 'undici:client:sendHeaders'),
        [CORE]: () => play(core, 'http.client.request.start'),
      },
      goals: [],
      stop: async () => {
        for (const part of [product, core, service]) await part.stop();
        folder.remove();
      },
    };
  },
};
