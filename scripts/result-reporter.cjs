// Mocha's own list of results, and what scripts/test.mjs adds up over several runs, written to the file RESULTS_FILE.
'use strict';
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const process = require('node:process');
const { setTimeout } = require('node:timers');
const { reporters } = require('mocha');

/** How long the process may take to end by itself, in milliseconds. */
const EXIT_MS = 10_000;

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
      // A hook that failed leaves servers open, which would keep the process for ever.
      setTimeout(() => process.exit(failures.length > 0 ? 1 : 0), EXIT_MS).unref();
    });
  }
};
