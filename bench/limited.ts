import { startContender, type Contender } from './contender';
import { claimFlow, CORE, coreFlow, PRODUCT } from './flows';
import { makeFolder } from './folder';
import { scaled, type Bench, type Figures } from './runner/bench';
import { format } from './runner/format';
import { startService } from './service/service';

const MESSAGES = 5000;
/** Requests that the service takes in a second. */
const LIMIT = 1000;
const UNCLAIMED = 'devices not claimed';
const PART_OF_LIMIT = 'part of the limit';
const REFUSALS = '% refused';

/**
 * Single claims against a service that refuses what is too much with 429, and does not say how long to wait. Each round
 * begins with freshly deployed flows, so that the limit has to be found out each time.
 */
export const limited: Bench = {
  name: 'limited',
  work: (scale) => `${format(scaled(MESSAGES, scale))} claims at once; 429 above ${format(LIMIT)} a second`,
  start: async (load) => {
    const messages = scaled(MESSAGES, load.scale);
    const folder = makeFolder();
    const service = await startService();
    const tokens = await folder.tokens(messages);
    const start = async (
      flows: ReturnType<typeof claimFlow>,
      profiles?: typeof load,
    ): Promise<[Contender, () => Promise<Figures>]> => {
      const contender = await startContender(flows, tokens, profiles);
      const play = async (): Promise<Figures> => {
        await contender.deploy(flows);
        await service.behave({ limit: LIMIT });
        const figures = await contender.play({ tokens, messages });
        const { claimed, claimedAgain, refused, requests, steadyPerSecond } = await service.counts();
        return {
          ...figures,
          [UNCLAIMED]: messages - claimed,
          'claimed again': claimedAgain,
          [PART_OF_LIMIT]: steadyPerSecond / LIMIT,
          [REFUSALS]: (refused / requests) * 100,
        };
      };
      return [contender, play];
    };
    const [product, playProduct] = await start(claimFlow(service.url), load);
    const [core, playCore] = await start(coreFlow(service.url));
    return {
      contenders: { [PRODUCT]: playProduct, [CORE]: playCore },
      goals: [
        { figure: UNCLAIMED, atMost: 0 },
        { figure: PART_OF_LIMIT, atLeast: 0.95 },
        { figure: REFUSALS, atMost: 5 },
      ],
      stop: async () => {
        for (const part of [product, core, service]) await part.stop();
        folder.remove();
      },
    };
  },
};
