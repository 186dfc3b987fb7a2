// Preloaded into Node-RED: writes down, beside each file of the journal, how many bytes of it have been flushed to disk. What
// lies behind them is lost in a power loss.
'use strict';
const { writeFileSync } = require('node:fs');
const fs = require('node:fs/promises');
const { open } = fs;

fs.open = async (path, ...args) => {
  const file = await open(path, ...args);
  if (!/journal-\d+\.jsonl$/.test(String(path))) return file;
  const datasync = file.datasync.bind(file);
  file.datasync = async () => {
    // What is written while it is flushed may not be flushed.
    const { size } = await file.stat();
    await datasync();
    writeFileSync(`${path}.flushed`, String(size));
  };
  return file;
};
