// The runner takes all time limits away. A mutant that makes a test wait for ever would then cost the limit of the whole
// run, and a new process; with a limit of its own the test fails, and the process goes on.

/** Milliseconds; more than twice what any of the tests without a limit of its own takes, and less than the limit of the whole run. */
const LIMIT_MS = 12_000;
/** Back-offs, which chance decides, are made short where nodes are tested, as each of thousands of mutants would wait for them. */
const CHANCE = 0.02;

/** Tests that take too long with all that the runner puts into the code, or wait for seconds; others show the same with less. */
const HEAVY =
  /^(finds every device of 200000 rows|duplicates: a device takes at most 100 bytes|does not take a conflict for a success that it)/;

const { random } = Math;
const shortRandom = () => random() * CHANCE;

function limit(runnable) {
  if (runnable.timeout() === 0) runnable.timeout(LIMIT_MS);
}

module.exports.mochaHooks = {
  beforeEach() {
    if (HEAVY.test(this.currentTest.title)) this.skip();
    Math.random = /\bnodes\b.*_spec/.test(this.currentTest.file) ? shortRandom : random;
    limit(this.currentTest);
    for (let suite = this.currentTest.parent; suite !== undefined; suite = suite.parent) {
      for (const hook of [...suite._beforeEach, ...suite._afterEach, ...suite._afterAll]) limit(hook);
    }
  },
};
