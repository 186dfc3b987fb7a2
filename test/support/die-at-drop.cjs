// Preloaded into Node-RED by a test: the process dies at the very moment when the removal of a record is on disk, which no
// test could hit from outside.
'use strict';
const fs = require('node:fs/promises');
const process = require('node:process');
const { open } = fs;

fs.open = async (...args) => {
  const file = await open(...args);
  const appendFile = file.appendFile.bind(file);
  file.appendFile = async (bytes) => {
    await appendFile(bytes);
    if (String(bytes).includes('"kind":"removed"')) {
      await file.datasync();
      process.kill(process.pid, 'SIGKILL');
    }
  };
  return file;
};
