// Preloaded into Node-RED by a test: files of its context store take a while to be written, as on a slow disk.
'use strict';
const fs = require('node:fs');
const { setTimeout } = require('node:timers');
const { rename } = fs;

fs.rename = (from, to, done) => {
  if (String(to).includes('context')) setTimeout(() => rename(from, to, done), 300);
  else rename(from, to, done);
};
