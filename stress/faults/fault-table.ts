import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** An HTTP answer. */
export interface Answer {
  status: number;
  text: string;
  headers?: Record<string, string>;
}

/** A request that a fault strikes, and what can be done with it. */
export interface Struck {
  response: ServerResponse;
  socket: Socket;
  /** Lets the service do the work; gives its answer. */
  work: () => Promise<Answer>;
  answer: (answer: Answer) => void;
  /** The request's own URL, and the same on a host that has no business with it. */
  here: string;
  elsewhere: string;
}

/** What faults have in common as to how the product has to take them; a row of the table of outcomes. */
export type Group =
  | 'no connection'
  | 'broken off before the work'
  | 'broken off after the work'
  | 'broken off in the body'
  | 'stall before the work'
  | 'stall after the work'
  | 'stall in the body'
  | 'refusal'
  | 'trouble'
  | 'trouble after the work'
  | 'too long a wait'
  | 'redirect'
  | 'empty body'
  | 'null body'
  | 'array body'
  | 'scalar body'
  | 'unreadable body'
  | 'endless trickle'
  | 'news'
  | 'unknown status';

/** One thing that goes wrong. */
export interface Fault {
  name: string;
  group: Group;
  /** The HTTP status that the product gets to see, where the outcome depends on it. */
  status?: number;
  /** For what goes wrong before there is a request: where the connection leads instead. */
  place?: 'closed port' | 'unknown name' | 'unknown certificate' | 'no TLS';
  play?: (struck: Struck) => void | Promise<void>;
  /** Milliseconds that the next attempt must keep away at least. */
  keepsAway?: number;
  /** The product waits for its timeout. */
  stalls?: boolean;
  /** Transfers many bytes, so only a few can run at once. */
  heavy?: boolean;
}

const GATEWAY_PAGE = '<html><head><title>Gateway</title></head><body><h1>Gateway</h1></body></html>';
const GIB = 2 ** 30;
const CHUNK = Buffer.alloc(64 * 1024, 'a');

const says = (status: number, headers?: Record<string, string>): Pick<Fault, 'status' | 'play'> => ({
  status,
  play: ({ answer }) =>
    answer({ status, text: JSON.stringify({ message: `said ${status}` }), ...(headers && { headers }) }),
});
const saysAfterWork = (status: number): Pick<Fault, 'status' | 'play'> => ({
  status,
  play: async ({ work, answer }) => {
    await work();
    answer({ status, text: GATEWAY_PAGE, headers: { 'content-type': 'text/html' } });
  },
});
/** The service's own answer with another body. */
const bodied = (change: (text: string) => string): Pick<Fault, 'play'> => ({
  play: async ({ work, answer }) => {
    const { status, text } = await work();
    answer({ status: status === 204 ? 200 : status, text: change(text) });
  },
});

/** Every fault of the matrix. */
export const FAULTS: readonly Fault[] = [
  { name: 'refused port', group: 'no connection', place: 'closed port' },
  { name: 'unknown host name', group: 'no connection', place: 'unknown name' },
  { name: 'unknown certificate', group: 'no connection', place: 'unknown certificate' },
  { name: 'no TLS spoken', group: 'no connection', place: 'no TLS' },

  {
    name: 'reset before the work',
    group: 'broken off before the work',
    play: ({ socket }) => void socket.resetAndDestroy(),
  },
  { name: 'closed before the work', group: 'broken off before the work', play: ({ socket }) => void socket.destroy() },
  {
    name: 'no HTTP',
    group: 'broken off before the work',
    play: ({ socket }) => void socket.end('220 mail.example ESMTP\r\n\r\n'),
  },
  {
    name: 'endless headers',
    group: 'broken off before the work',
    play: ({ socket }) => void socket.end(`HTTP/1.1 200 OK\r\n${'x-more: and more\r\n'.repeat(20_000)}\r\n`),
  },
  {
    name: 'reset after the work',
    group: 'broken off after the work',
    play: async ({ socket, work }) => {
      await work();
      socket.resetAndDestroy();
    },
  },
  {
    name: 'body cut off',
    group: 'broken off in the body',
    play: async ({ response, work }) => {
      const { status, text } = await work();
      // 204 has no body to cut.
      response.writeHead(status === 204 ? 200 : status, { 'content-length': String(Buffer.byteLength(text) + 10) });
      response.write(text.slice(0, text.length / 2) || '{', () => response.destroy());
    },
  },

  { name: 'stall before the headers', group: 'stall before the work', stalls: true, play: () => undefined },
  {
    name: 'stall before the headers, after the work',
    group: 'stall after the work',
    stalls: true,
    play: async ({ work }) => {
      await work();
    },
  },
  {
    name: 'stall in the body',
    group: 'stall in the body',
    stalls: true,
    play: async ({ response, work }) => {
      const { status, text } = await work();
      response.writeHead(status === 204 ? 200 : status, { 'content-length': String(Buffer.byteLength(text) + 10) });
      response.write(text.slice(0, text.length / 2) || '{');
    },
  },

  ...[400, 401, 403, 404, 405, 409, 413, 415, 422].map((status): Fault => ({
    name: `HTTP ${status}`,
    group: 'refusal',
    ...says(status),
  })),
  {
    name: 'HTTP 400 that stalls',
    group: 'refusal',
    stalls: true,
    status: 400,
    play: ({ response }) => {
      response.writeHead(400, { 'content-length': '100' });
      response.write('{"message":');
    },
  },
  ...[408, 425, 429, 500, 502, 503, 504].map((status): Fault => ({
    name: `HTTP ${status}`,
    group: 'trouble',
    ...says(status),
  })),
  ...[500, 502, 504].map((status): Fault => ({
    name: `HTTP ${status} after the work`,
    group: 'trouble after the work',
    ...saysAfterWork(status),
  })),

  ...[429, 503].flatMap((status): Fault[] => [
    {
      name: `HTTP ${status}, Retry-After: 1`,
      group: 'trouble',
      keepsAway: 1000,
      ...says(status, { 'retry-after': '1' }),
    },
    {
      name: `HTTP ${status}, Retry-After: a date`,
      group: 'trouble',
      status,
      // A date has no milliseconds: two seconds ahead means more than one.
      keepsAway: 1000,
      play: ({ answer }) =>
        answer({ status, text: '', headers: { 'retry-after': new Date(Date.now() + 2000).toUTCString() } }),
    },
    {
      name: `HTTP ${status}, Retry-After: a date in the past`,
      group: 'trouble',
      ...says(status, { 'retry-after': 'Mon, 01 Jan 2001 00:00:00 GMT' }),
    },
    { name: `HTTP ${status}, Retry-After: soon`, group: 'trouble', ...says(status, { 'retry-after': 'soon' }) },
    { name: `HTTP ${status}, Retry-After: -5`, group: 'trouble', ...says(status, { 'retry-after': '-5' }) },
    {
      name: `HTTP ${status}, Retry-After: a day`,
      group: 'too long a wait',
      ...says(status, { 'retry-after': '86400' }),
    },
    {
      name: `HTTP ${status}, Retry-After: the year 9999`,
      group: 'too long a wait',
      ...says(status, { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }),
    },
    {
      name: `HTTP ${status}, Retry-After: 400 digits`,
      group: 'too long a wait',
      ...says(status, { 'retry-after': '9'.repeat(400) }),
    },
  ]),

  ...[301, 302, 303, 307, 308].flatMap((status): Fault[] => [
    {
      name: `redirect ${status} to the same host`,
      group: 'redirect',
      status,
      play: ({ answer, here }) => answer({ status, text: '', headers: { location: here } }),
    },
    {
      name: `redirect ${status} to another host`,
      group: 'redirect',
      status,
      play: ({ answer, elsewhere }) => answer({ status, text: '', headers: { location: elsewhere } }),
    },
  ]),

  { name: 'empty body', group: 'empty body', ...bodied(() => '') },
  { name: 'blank body', group: 'empty body', ...bodied(() => ' \r\n') },
  { name: 'HTML', group: 'unreadable body', ...bodied(() => GATEWAY_PAGE) },
  { name: 'JSON cut short', group: 'unreadable body', ...bodied((text) => text.slice(0, text.length / 2) || '{') },
  { name: 'null', group: 'null body', ...bodied(() => 'null') },
  { name: 'an array of numbers', group: 'array body', ...bodied(() => '[1,2]') },
  { name: 'a number', group: 'scalar body', ...bodied(() => '42') },
  { name: 'a text', group: 'scalar body', ...bodied(() => '"done"') },
  { name: 'a body of 1 GiB', group: 'unreadable body', heavy: true, play: (struck) => pour(struck, GIB) },
  { name: 'a body that never ends', group: 'unreadable body', heavy: true, play: (struck) => pour(struck, Infinity) },
  { name: 'a body that trickles for ever', group: 'endless trickle', stalls: true, play: trickle },

  { name: 'unknown fields', group: 'news', ...bodied((text) => changed(text, UNKNOWN_FIELDS)) },
  { name: 'unknown values', group: 'news', ...bodied((text) => changed(text, UNKNOWN_VALUES)) },
  { name: 'unknown status', group: 'unknown status', ...bodied((text) => changed(text, { status: 'PONDERING' })) },
  {
    name: 'HTTP 103 first',
    group: 'news',
    play: async ({ socket, work, answer }) => {
      const result = await work();
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n');
      answer(result);
    },
  },
];

/** A name that no field of the service has. */
export const NEWS = 'xFieldOfTheFuture';
const UNKNOWN_FIELDS = { [NEWS]: { deep: [1, null, 'ü'] }, constructor: 'c', toString: 't' };
const UNKNOWN_VALUES = { [NEWS]: 1, deviceType: 'nrf99', ownershipStatus: 'PONDERED', imei: null };

/** Lays fields over an object, or over each object of a list. */
function changed(text: string, fields: Record<string, unknown>): string {
  const body: unknown = text === '' ? {} : JSON.parse(text);
  const change = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value, ...fields } : value;
  if (Array.isArray(body)) return JSON.stringify(body.map(change));
  const { items, ...rest } = body as { items?: unknown[] };
  return JSON.stringify(change(items === undefined ? rest : { ...rest, items: items.map(change) }));
}

/** Sends JSON of `bytes` bytes, no faster than it is taken. */
async function pour({ response, work }: Struck, bytes: number): Promise<void> {
  const { status } = await work();
  response.writeHead(status === 204 ? 200 : status, {
    'content-type': 'application/json',
    ...(bytes === Infinity ? {} : { 'content-length': String(bytes) }),
  });
  response.write('"');
  let left = bytes - 2;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length));
      left -= chunk.length;
      if (!response.write(chunk)) return;
    }
    if (left <= 0) response.end('"');
  };
  response.on('drain', more);
  more();
}

/** A byte now and then. */
function trickle({ response }: Struck): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"message":"');
  const timer = setInterval(() => response.write('.'), 50);
  response.on('close', () => clearInterval(timer));
}
