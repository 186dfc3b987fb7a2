// Lets specs load the nodes of an installed package, PACKAGE_PATH, where they name this checkout's sources.
// scripts/test.mjs has mocha require it, so that the tests judge what users get.
import Module from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../nodes/', import.meta.url));
const BUILT = join(process.env.PACKAGE_PATH, 'dist');

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (...args) {
  const file = resolveFilename.apply(this, args);
  return file.startsWith(SOURCES) ? join(BUILT, relative(SOURCES, file).replace(/\.ts$/, '.js')) : file;
};
