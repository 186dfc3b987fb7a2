/* global module, require, process */
// Profiles the CPU time of this process, again and again, into files of a folder.
const { mkdirSync, writeFileSync } = require('node:fs');
const { Session } = require('node:inspector');
const { join } = require('node:path');

module.exports.Profiler = class {
  #session = new Session();
  #count = 0;

  constructor(folder) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.setSamplingInterval', { interval: 200 });
  }

  start() {
    this.#session.post('Profiler.start');
  }

  stop() {
    this.#session.post('Profiler.stop', (error, { profile } = {}) => {
      // Nothing was begun.
      if (error) return;
      writeFileSync(join(this.folder, `${process.pid}-${++this.#count}.cpuprofile`), JSON.stringify(profile));
    });
  }
};
