// Preloaded into Node-RED by a test: the process dies at the very moment when a watch's record is gone from its store on
// disk, which no test could hit from outside.
'use strict';
const fs = require('node:fs');
const process = require('node:process');
const { rename } = fs;

/** Whether a context file holds a record. */
function holdsRecord(path) {
  return fs.existsSync(path) && fs.readFileSync(path, 'utf8').includes('nrfcloud_');
}

fs.rename = (from, to, done) => {
  const dropped = String(to).includes('context') && holdsRecord(to) && !holdsRecord(from);
  rename(from, to, (error) => {
    if (dropped) process.kill(process.pid, 'SIGKILL');
    done(error);
  });
};
