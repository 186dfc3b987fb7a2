/* global module, require, process, Buffer, setInterval, setTimeout */
// A Node-RED plugin for benches: how much memory and time the process takes and how long its event loop was blocked,
// measured where it happens. POST /gauge begins anew, GET /gauge tells. With BENCH_PROFILES, a folder, what happens in
// between is profiled.
const fs = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { Profiler } = require('./profiler');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
/** How often the CPU time of the main thread is read, in milliseconds. */
const LOOK_MS = 5;
/** How long the block that collecting garbage causes may take to be measured, in milliseconds, before it is forgotten. */
const SETTLE_MS = 20;

/** Flushes to disk that block the event loop. */
let blockingFlushes = 0;
for (const name of ['fsyncSync', 'fdatasyncSync']) {
  const flush = fs[name];
  fs[name] = (...args) => {
    blockingFlushes++;
    return flush(...args);
  };
}

/** Kept open, as opening it for each look would take a twentieth of what a claim does. */
const schedule = openSchedule();
const scheduleText = Buffer.alloc(64);

/** CPU time of the main thread, in milliseconds; NaN where the system does not say (it is Linux that does). */
function mainThreadMs() {
  if (schedule === undefined) return NaN;
  const length = fs.readSync(schedule, scheduleText, 0, scheduleText.length, 0);
  return Number(scheduleText.latin1Slice(0, length).split(' ')[0]) / 1e6;
}

function openSchedule() {
  try {
    return fs.openSync(`/proc/self/task/${process.pid}/schedstat`);
  } catch {
    return undefined;
  }
}

module.exports = (RED) => {
  const { BENCH_PROFILES: folder } = process.env;
  const profiler = folder === undefined ? undefined : new Profiler(folder);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let peak = 0;
  let begun = process.cpuUsage();
  setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20).unref();
  let longestBusyMs = 0;
  let busyMs = mainThreadMs();
  setInterval(() => {
    const now = mainThreadMs();
    longestBusyMs = Math.max(longestBusyMs, now - busyMs);
    busyMs = now;
  }, LOOK_MS).unref();
  const tell = () => {
    const { user, system } = process.cpuUsage(begun);
    const rss = process.memoryUsage.rss();
    const cpuMs = (user + system) / 1000;
    return { rss, peak: Math.max(peak, rss), longestBlockMs: delay.max / 1e6, longestBusyMs, cpuMs, blockingFlushes };
  };
  RED.httpAdmin.post('/gauge', (_request, response) => {
    // What is left over from before would be counted as idle, and make what comes look small.
    collectGarbage();
    delay.enable();
    setTimeout(() => {
      delay.reset();
      blockingFlushes = 0;
      busyMs = mainThreadMs();
      longestBusyMs = 0;
      peak = process.memoryUsage.rss();
      begun = process.cpuUsage();
      response.json(tell());
      profiler?.start();
    }, SETTLE_MS);
  });
  RED.httpAdmin.get('/gauge', (_request, response) => {
    response.json(tell());
    profiler?.stop();
  });
};
