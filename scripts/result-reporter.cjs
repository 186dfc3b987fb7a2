// Mocha's own list of results, and what scripts/test.mjs adds up over several runs, written to the file RESULTS_FILE.
'use strict';
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const process = require('node:process');
const { reporters } = require('mocha');

module.exports = class ResultReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failures = [];
    runner.on('fail', (test, error) => {
      const spec = test.file === undefined ? undefined : relative(process.cwd(), test.file);
      failures.push({ spec, title: test.fullTitle(), text: error.stack ?? String(error) });
    });
    runner.once('end', () => {
      writeFileSync(process.env.RESULTS_FILE, JSON.stringify({ passed: this.stats.passes, failures }));
    });
  }
};
