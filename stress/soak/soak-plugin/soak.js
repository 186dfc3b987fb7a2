/* global module, require, process, setTimeout, Buffer */
// A Node-RED plugin for tests. POST <admin>/soak makes the node "source" send claim tokens, at most DEPTH at once, and at
// times the rows of a bulk claim, a command and some devices to follow. After every `every` claims it waits until no message
// is pending and writes a line of JSON with what the process holds then; at the end one with how all messages ended.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

const DEPTH = 128;
const ROWS = 20;
/** Devices of bulk claims are numbered from here. */
const BULK = 2 ** 31;
/** Devices that are followed are numbered from here. */
const FOLLOWED = 3 * 2 ** 30;
const [message, signature] = process.env.SOAK_TOKEN.split('.');
const bytes = Buffer.from(message, 'base64url');

/** A token of a device of its own. */
function tokenOf(number) {
  bytes.writeUInt32BE(number, Number(process.env.SOAK_UUID_OFFSET));
  return `${bytes.toString('base64url')}.${signature}`;
}

module.exports = (RED) => {
  RED.httpAdmin.post('/soak', (request, response) => {
    soak(RED, request.body);
    response.end();
  });
};

function soak(RED, { claims, operations, devices, every, seconds }) {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  const perOperation = Math.floor(claims / operations);
  const followedAtOnce = Math.ceil(devices / operations);
  const endings = {
    claim: new Uint8Array(claims),
    bulk: new Uint8Array(operations),
    watch: new Uint8Array(operations),
    command: new Uint8Array(operations),
    onboarding: new Uint8Array(operations),
  };
  const ended = Object.fromEntries(Object.keys(endings).map((node) => [node, 0]));
  const results = {};
  const codes = {};
  const started = Date.now();
  let sent = 0;
  let begun = 0;
  let twice = 0;
  let pausedAt = every;
  let over = false;
  const source = RED.nodes.getNode('source');
  const write = (what, told) => process.stdout.write(`${what} ${JSON.stringify(told)}\n`);

  const sample = () => {
    gc();
    const resources = {};
    for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
    const listeners = [process, RED.events, RED.server]
      .flatMap((emitter) => emitter.eventNames().map((name) => emitter.listenerCount(name)))
      .reduce((sum, count) => sum + count, 0);
    const { heapUsed, rss, external } = process.memoryUsage();
    const told = { claims: sent, operations: begun, seconds: (Date.now() - started) / 1000 };
    write('soak-sample', { ...told, heapUsed, rss, external, resources, listeners });
  };
  const more = () => {
    while (!over && sent < pausedAt && sent - ended.claim < DEPTH) {
      const index = sent++;
      source.send([{ index, payload: tokenOf(index) }]);
      if (sent % perOperation !== 0 || begun >= operations) continue;
      const tokens = (first, length) => Array.from({ length }, (_, index) => tokenOf(first + begun * length + index));
      const rows = tokens(BULK, ROWS);
      const followed = tokens(FOLLOWED, followedAtOnce);
      const ofOperation = [rows, rows[0], followed].map((payload) => ({ index: begun, payload }));
      source.send([null, ...ofOperation]);
      begun++;
    }
  };
  const look = () => {
    if (!over && Date.now() - started > seconds * 1000) {
      over = true;
      pausedAt = sent;
    }
    const { claim, ...others } = ended;
    if (claim < sent || sent < pausedAt || Object.values(others).some((count) => count < begun)) return more();
    // Sockets that were broken, and what else goes away by itself, get a moment.
    const here = pausedAt;
    pausedAt = -1;
    setTimeout(() => {
      sample();
      if (over || sent >= claims) {
        RED.hooks.remove('*.soak');
        const times = Object.values(endings).flatMap((all) => [...all].filter((count) => count > 1)).length;
        write('soak-end', {
          claims: sent,
          operations: begun,
          ended,
          codes,
          results,
          twice: twice + times,
          seconds: (Date.now() - started) / 1000,
        });
        return;
      }
      pausedAt = Math.min(claims, here + every);
      more();
    }, 200);
  };
  RED.hooks.add('onSend.soak', (all) => {
    for (const { source: node } of all) {
      const name = `${node.id} ${node.port}`;
      results[name] = (results[name] ?? 0) + 1;
    }
  });
  RED.hooks.add('onComplete.soak', ({ msg, node, error }) => {
    const counts = endings[node.id];
    if (counts === undefined) return;
    const code = `${node.id} ${error?.code ?? 'ok'}`;
    codes[code] = (codes[code] ?? 0) + 1;
    if (counts[msg.index]++ > 0) twice++;
    ended[node.id]++;
    if (pausedAt !== -1) look();
  });
  setTimeout(() => {
    sample();
    more();
  }, 200);
}
