/* global module, require, process, setInterval, setTimeout, clearInterval */
// A Node-RED plugin for tests. POST <admin>/flood makes the node "source" send a message for each token of a file, all
// at once, and when each of them has ended at the node "claim" it writes one line of JSON with what it saw.
const { readFileSync } = require('node:fs');

module.exports = (RED) => {
  RED.httpAdmin.post('/flood', (request, response) => {
    flood(RED, readFileSync(process.env.FLOOD_TOKENS, 'utf8').trim().split('\n'));
    response.end();
  });
};

function flood(RED, tokens) {
  const seen = {
    received: 0,
    ended: 0,
    twice: 0,
    most: 0,
    codes: {},
    sentMs: 0,
    floodMs: 0,
    tookMs: 0,
    rssMiB: 0,
    rssBeforeMiB: 0,
  };
  const endings = new Uint8Array(tokens.length);
  const started = Date.now();
  const rss = () => Math.round(process.memoryUsage.rss() / 2 ** 20);
  seen.rssBeforeMiB = rss();
  const sampler = setInterval(() => (seen.rssMiB = Math.max(seen.rssMiB, rss())), 50);
  RED.hooks.add('onReceive.flood', ({ destination }) => {
    if (destination.id !== 'claim') return;
    seen.received++;
    seen.most = Math.max(seen.most, seen.received - seen.ended);
    if (seen.received === tokens.length) seen.floodMs = Date.now() - started;
  });
  RED.hooks.add('onComplete.flood', ({ msg, node, error }) => {
    if (node.id !== 'claim') return;
    const code = error?.code ?? 'ok';
    seen.codes[code] = (seen.codes[code] ?? 0) + 1;
    if (endings[msg.index]++ > 0) seen.twice++;
    if (++seen.ended === tokens.length) tell();
  });
  const tell = () => {
    seen.tookMs = Date.now() - started;
    // A message that ends twice does so soon.
    setTimeout(() => {
      clearInterval(sampler);
      RED.hooks.remove('*.flood');
      process.stdout.write(`flood ${JSON.stringify(seen)}\n`);
    }, 500);
  };
  const source = RED.nodes.getNode('source');
  for (const [index, payload] of tokens.entries()) source.send({ payload, index });
  seen.sentMs = Date.now() - started;
}
