/* global __dirname */
// Preloaded into Node-RED by a test: leases of records in shared context stores last two seconds.
'use strict';
const { resolve } = require('node:path');
const process = require('node:process');
const { LEASE_TIMING } = require(
  resolve(process.env.PACKAGE_PATH ?? resolve(__dirname, '../..'), 'dist/runtime/record-leases.js'),
);

Object.assign(LEASE_TIMING, { leaseMs: 2000, renewMs: 400 });
