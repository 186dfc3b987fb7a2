// Preloaded into Node-RED by a test: the journal takes a while to be flushed, as on a slow disk.
'use strict';
const fs = require('node:fs/promises');
const { setTimeout } = require('node:timers/promises');
const { open } = fs;

fs.open = async (...args) => {
  const file = await open(...args);
  const datasync = file.datasync.bind(file);
  file.datasync = async () => {
    await setTimeout(300);
    await datasync();
  };
  return file;
};
