/* global module, require, performance */
// How late the polls of watched bulk operations are: from when the timer of each is due until its request leaves.
// POST /lateness begins anew, GET /lateness gives milliseconds. Nothing is changed before the first POST.
const diagnostics = require('node:diagnostics_channel');

module.exports = (RED) => {
  let lateness;

  RED.httpAdmin.post('/lateness', (_request, response) => {
    if (lateness === undefined) listen((ms) => lateness.push(ms));
    lateness = [];
    response.json({});
  });
  RED.httpAdmin.get('/lateness', (_request, response) => response.json(lateness));
};

/** Notes when the timer of each poll is due, and calls back when its request leaves. */
function listen(onPoll) {
  const wait = globalThis.setTimeout;
  const dueOf = new Map();
  const noted = (...args) => {
    const [call, ms, polled] = args;
    const id = call.name === 'poll' ? polled?.target?.id : undefined;
    if (id !== undefined) dueOf.set(id, performance.now() + ms);
    return wait(...args);
  };
  globalThis.setTimeout = Object.defineProperties(noted, Object.getOwnPropertyDescriptors(wait));
  diagnostics.subscribe('undici:client:sendHeaders', ({ request }) => {
    const id = request.path.slice(request.path.lastIndexOf('/') + 1);
    const due = dueOf.get(id);
    if (due === undefined) return;
    dueOf.delete(id);
    onPoll(performance.now() - due);
  });
}
