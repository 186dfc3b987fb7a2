/* global module, require, process, setInterval */
// A Node-RED plugin for benches: how much memory the process takes and how long its event loop was blocked, measured
// where it happens. POST /gauge begins anew, GET /gauge tells.
const { monitorEventLoopDelay } = require('node:perf_hooks');

module.exports = (RED) => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let peak = 0;
  setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20).unref();
  const tell = () => ({ rss: process.memoryUsage.rss(), peak, longestBlockMs: delay.max / 1e6 });
  RED.httpAdmin.post('/gauge', (_request, response) => {
    delay.enable();
    delay.reset();
    peak = process.memoryUsage.rss();
    response.json(tell());
  });
  RED.httpAdmin.get('/gauge', (_request, response) => response.json(tell()));
};
