/* global module, require, performance */
// How late the polls of watched bulk operations are: from when each is due until its request leaves. POST /lateness begins
// anew, GET /lateness gives milliseconds. Nothing of the package is loaded or touched before the first POST.
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

/** Notes when each poll is due, by the product's own calls, and tells when its request leaves. */
function listen(tell) {
  const { Ticker } = require('../../../dist/provisioning/ticker.js');
  const bulk = require('../../../dist/service/bulk.js');
  const { bulkStatus } = bulk;
  const wait = Ticker.prototype.in;
  const dueOf = new Map();
  // Polls that are due, in the order in which they will ask; those due at once need not all ask at once.
  const due = [];
  Ticker.prototype.in = function (ms, call) {
    const at = performance.now() + Math.max(0, ms);
    return wait.call(this, ms, () => {
      due.push(at);
      call();
    });
  };
  bulk.bulkStatus = (session, id) => {
    dueOf.set(id, due.shift());
    return bulkStatus(session, id);
  };
  diagnostics.subscribe('undici:client:sendHeaders', ({ request }) => {
    const at = dueOf.get(request.path.slice(request.path.lastIndexOf('/') + 1));
    if (at !== undefined) tell(performance.now() - at);
  });
}
