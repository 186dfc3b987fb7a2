/* global __dirname */
// Preloaded into Node-RED by a test: a device counts as unclaimed after two seconds.
'use strict';
const { resolve } = require('node:path');
const process = require('node:process');
const { UNCLAIMED } = require(
  resolve(process.env.PACKAGE_PATH ?? resolve(__dirname, '../..'), 'dist/operations/onboarding-diagnosis.js'),
);

UNCLAIMED.afterMs = 2000;
