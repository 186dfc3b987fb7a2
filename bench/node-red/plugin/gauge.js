/* global module, require, process, setInterval */
// A Node-RED plugin for benches: how much memory and time the process takes and how long its event loop was blocked,
// measured where it happens. POST /gauge begins anew, GET /gauge tells. With BENCH_PROFILES, a folder, what happens in
// between is profiled.
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { Profiler } = require('./profiler');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

module.exports = (RED) => {
  const { BENCH_PROFILES: folder } = process.env;
  const profiler = folder === undefined ? undefined : new Profiler(folder);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let peak = 0;
  let begun = process.cpuUsage();
  setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20).unref();
  const tell = () => {
    const { user, system } = process.cpuUsage(begun);
    const rss = process.memoryUsage.rss();
    return { rss, peak: Math.max(peak, rss), longestBlockMs: delay.max / 1e6, cpuMs: (user + system) / 1000 };
  };
  RED.httpAdmin.post('/gauge', (_request, response) => {
    // What is left over from before would be counted as idle, and make what comes look small.
    collectGarbage();
    delay.enable();
    delay.reset();
    peak = process.memoryUsage.rss();
    begun = process.cpuUsage();
    response.json(tell());
    profiler?.start();
  });
  RED.httpAdmin.get('/gauge', (_request, response) => {
    response.json(tell());
    profiler?.stop();
  });
};
