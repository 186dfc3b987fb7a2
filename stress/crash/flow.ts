import type { FlowNode } from '../../test/support/node-red-process';
import type { CrashStore } from './records';

/** The nodes that a round may change, delete or kill; each is also the kind of message that it works on. */
export const KINDS = ['claim', 'bulk', 'watch', 'list', 'command', 'onboarding'] as const;
export type Kind = (typeof KINDS)[number];

/** Rows of one upload of the bulk claim. */
export const ROWS_PER_UPLOAD = 20;
/** Devices that listings find, by this tag, and how many pages they fill. */
export const LISTED = { tag: 'listed', devices: 100, pageSize: 20 };

/** Answers the sender, if the message still has one and nothing answered before. */
const answer = (id: string, condition: string, status: number): FlowNode => ({
  id,
  type: 'function',
  z: 'tab',
  func: `if (!(${condition}) || !msg.res || msg.res._res.headersSent) return null;
const error = msg.error && msg.error.code;
return { req: msg.req, res: msg.res, statusCode: ${status}, payload: { error } };`,
  outputs: 1,
  x: 500,
  y: 100,
  wires: [['answer']],
});

/** The flow of the crash rounds: all four kinds of work behind one HTTP endpoint. */
export function crashFlow(
  { baseUrl, deviceApiUrl }: { baseUrl: string; deviceApiUrl: string },
  store: CrashStore,
): FlowNode[] {
  const place = { z: 'tab', x: 300, y: 100 };
  const ours = { ...place, connection: 'connection' };
  return [
    { id: 'tab', type: 'tab', label: 'crash', disabled: false },
    { id: 'connection', type: 'nrfcloud-connection', baseUrl, deviceApiUrl, api: 'guide', concurrency: 8, retries: 6 },
    { ...place, id: 'send', type: 'http in', url: '/send', method: 'post', wires: [['route']] },
    {
      ...place,
      id: 'route',
      type: 'function',
      func: `const { key, kind, payload } = msg.payload;
Object.assign(msg, { key, kind, payload });
return ${JSON.stringify(KINDS)}.map((one) => (one === kind ? msg : null));`,
      outputs: KINDS.length,
      wires: KINDS.map((kind) => [kind]),
    },
    { ...ours, id: 'claim', type: 'nrfcloud-claim', wires: [['claimed']] },
    {
      ...ours,
      id: 'bulk',
      type: 'nrfcloud-bulk-claim',
      rowsPerUpload: ROWS_PER_UPLOAD,
      store,
      wires: [['watch'], ['nowhere'], ['summary']],
    },
    {
      ...ours,
      id: 'watch',
      type: 'nrfcloud-bulk-status',
      interval: 0.05,
      store,
      maxInterval: 0.1,
      wires: [['watched'], ['watched'], ['nowhere']],
    },
    { ...ours, id: 'list', type: 'nrfcloud-devices', mode: 'page', tag: LISTED.tag, wires: [['listed']] },
    {
      ...ours,
      id: 'command',
      type: 'nrfcloud-command',
      interval: 0.05,
      store,
      maxInterval: 0.1,
      wires: [['claimed'], ['claimed'], ['nowhere']],
    },
    {
      ...ours,
      id: 'onboarding',
      type: 'nrfcloud-onboarding',
      interval: 0.05,
      store,
      maxInterval: 0.1,
      pollRate: 100,
      wires: [['claimed'], ['claimed'], ['nowhere']],
    },
    answer('claimed', 'true', 200),
    // Rows of failed uploads end the message in an error, which answers.
    answer('summary', 'msg.payload.rejected === 0', 200),
    answer('watched', "msg.kind === 'watch'", 200),
    answer('listed', 'msg.parts.count !== undefined', 200),
    { ...place, id: 'catch', type: 'catch', scope: [...KINDS], uncaught: false, wires: [['caught']] },
    answer('caught', 'msg.kind === msg.error.source.id', 500),
    { ...place, id: 'answer', type: 'http response', wires: [] },
    { ...place, id: 'nowhere', type: 'function', func: 'return null;', outputs: 0, wires: [] },
  ];
}
