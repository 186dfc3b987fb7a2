// The runner takes all time limits away. A mutant that makes a test wait for ever would then cost the limit of the whole
// run, and a new process; with a limit of its own the test fails, and the process goes on.

const { readFileSync } = require('node:fs');
const { env } = require('node:process');

/** Milliseconds: many times what any test takes that is not left out, on a busy machine too. */
const LIMIT_MS = 6_000;
/** Back-offs, which chance decides, are made short where nodes are tested, as each of thousands of mutants would wait for them. */
const CHANCE = 0.02;

/** Full titles of tests that take long, measured by `main.mjs`. */
const SLOW = new Set(JSON.parse(readFileSync(env.MUTATION_SLOW_TESTS, 'utf8')));
/** Tests that take long only with all that the runner puts into the code; others show the same with less. */
const HEAVY =
  /^(finds every device of 200000 rows|duplicates: a device takes at most 100 bytes|leaves out a list of numbers that is too large)/;

const { random } = Math;
const shortRandom = () => random() * CHANCE;

function limit(runnable) {
  if (runnable.timeout() === 0) runnable.timeout(LIMIT_MS);
}

module.exports.mochaHooks = {
  beforeEach() {
    const test = this.currentTest;
    if (HEAVY.test(test.title) || SLOW.has(test.fullTitle())) this.skip();
    Math.random = /\bnodes\b.*_spec/.test(test.file) ? shortRandom : random;
    limit(test);
    for (let suite = test.parent; suite !== undefined; suite = suite.parent) {
      for (const hook of [...suite._beforeEach, ...suite._afterEach, ...suite._afterAll]) limit(hook);
    }
  },
};
