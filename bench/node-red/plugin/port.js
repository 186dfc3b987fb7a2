/* global module, require, setTimeout, setInterval, clearInterval, performance */
// The node that a flow under test begins and ends with, and the routes that send messages through it. The node with the id
// `source` sends one message per token of a file; one with the id `sink` takes what has worked (a status of 2xx, or none),
// and one with the id `failed` what a Catch node caught. The node with the id `results` only counts rows.
//   POST /bench/work { tokens, messages, inFlight, lostAfter }
//                                                    sends them, at most `inFlight` at a time (default: all at once), and
//                                                    responds with counts and seconds
//   POST /bench/idle { tokens, messages, channel }   one after the other with a break: milliseconds from each message until
//                                                    something is published on that diagnostics channel
//   POST /bench/durations { tokens, messages }       one after the other: milliseconds from each message until it comes out
//   POST /bench/text { path }                        reads a file as text, for the one message that comes next
//   POST /bench/one { payload, arrivals }            sends one message, with that text if no payload is given, waits until
//                                                    `arrivals` messages (default: one) have come out or one has failed,
//                                                    and responds with the last one; of an array with its length only
//   POST /bench/send { tokens, messages }            sends them, all at once, and waits for nothing
//   GET /bench/results                               rows that have come to the node `results`
const diagnostics = require('node:diagnostics_channel');
const { readFileSync } = require('node:fs');

/** Messages are lost when none has come out for this many seconds, if nothing else is asked for. */
const LOST_S = 10;
const BREAK_MS = 5;

module.exports = (RED) => {
  let onArrival = () => undefined;
  const results = { rows: 0 };

  RED.nodes.registerType('bench-port', function (config) {
    RED.nodes.createNode(this, config);
    this.on('input', (msg, _send, done) => {
      if (this.id === 'results') results.rows += msg.rows?.length ?? 0;
      else onArrival(this.id, msg);
      done();
    });
  });

  RED.httpAdmin.post('/bench/work', async (request, response) => {
    const { tokens, messages, inFlight = messages, lostAfter = LOST_S } = request.body;
    response.json(await work(RED.nodes.getNode('source'), read(tokens, messages), inFlight, lostAfter));
  });

  RED.httpAdmin.post('/bench/idle', async (request, response) => {
    const { tokens, messages, channel } = request.body;
    response.json(await idle(RED.nodes.getNode('source'), read(tokens, messages), channel));
  });

  RED.httpAdmin.post('/bench/durations', async (request, response) => {
    const { tokens, messages } = request.body;
    const source = RED.nodes.getNode('source');
    const durations = [];
    for (const payload of read(tokens, messages)) {
      const begun = performance.now();
      await new Promise((resolve) => {
        onArrival = resolve;
        source.send({ payload });
      });
      durations.push(performance.now() - begun);
    }
    response.json(durations);
  });

  let text = '';
  RED.httpAdmin.post('/bench/text', (request, response) => {
    text = readFileSync(request.body.path, 'utf8');
    response.json({});
  });

  RED.httpAdmin.post('/bench/one', (request, response) => {
    const { payload = text, arrivals = 1 } = request.body;
    text = '';
    const begun = performance.now();
    let left = arrivals;
    onArrival = (id, msg) => {
      if (id === 'sink' && --left > 0) return;
      const seconds = (performance.now() - begun) / 1000;
      onArrival = () => undefined;
      const came = Array.isArray(msg.payload) ? { length: msg.payload.length } : msg.payload;
      response.json({ seconds, failed: id !== 'sink', payload: came });
    };
    RED.nodes.getNode('source').send({ payload });
  });

  RED.httpAdmin.post('/bench/send', (request, response) => {
    const { tokens, messages } = request.body;
    for (const payload of read(tokens, messages)) RED.nodes.getNode('source').send({ payload });
    response.json({});
  });

  RED.httpAdmin.get('/bench/results', (_request, response) => response.json(results));

  function work(source, tokens, inFlight, lostAfter) {
    return new Promise((resolve) => {
      const told = { ok: 0, failed: 0, lost: 0, seconds: 0 };
      const begun = performance.now();
      let sent = 0;
      let last = begun;
      let quietSeconds = 0;
      const end = () => {
        clearInterval(lostCheck);
        onArrival = () => undefined;
        const arrived = told.ok + told.failed;
        resolve({ ...told, lost: tokens.length - arrived, seconds: (last - begun) / 1000 });
      };
      const lostCheck = setInterval(() => {
        // Counted by turns of the event loop: while it is blocked nothing can come out, and nothing is lost.
        if (++quietSeconds > lostAfter) end();
      }, 1000);
      onArrival = (id, { statusCode = 200 }) => {
        last = performance.now();
        quietSeconds = 0;
        if (id === 'sink' && statusCode >= 200 && statusCode < 300) told.ok++;
        else told.failed++;
        if (sent < tokens.length) source.send({ payload: tokens[sent++] });
        else if (told.ok + told.failed === tokens.length) end();
      };
      while (sent < Math.min(inFlight, tokens.length)) source.send({ payload: tokens[sent++] });
    });
  }

  async function idle(source, tokens, channel) {
    const delays = [];
    let begun = 0;
    const onStart = () => delays.push(performance.now() - begun);
    diagnostics.subscribe(channel, onStart);
    for (const payload of tokens) {
      await new Promise((resolve) => {
        onArrival = () => setTimeout(resolve, BREAK_MS);
        begun = performance.now();
        source.send({ payload });
      });
    }
    diagnostics.unsubscribe(channel, onStart);
    return delays;
  }
};

function read(path, messages) {
  return readFileSync(path, 'utf8').split('\n', messages);
}
