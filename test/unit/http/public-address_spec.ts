import assert from 'node:assert/strict';
import { isPublicAddress, isPublicName } from '../../../nodes/http/public-address';

describe('isPublicAddress', () => {
  for (const address of ['1.1.1.1', '203.0.112.1', '2606:4700::1111', '::ffff:1.1.1.1', '2a00:1450::1']) {
    it(`is true for ${address}`, () => assert.equal(isPublicAddress(address), true));
  }
  for (const [network, address] of [
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.7'],
    ['documentation', '203.0.113.9'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['6to4 relays', '192.88.99.1'],
    ['6to4 of 10.0.0.1', '2002:a00:1::'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['NAT64', '64:ff9b::a00:1'],
    ['local NAT64', '64:ff9b:1::a00:1'],
    ['IPv4-compatible', '::10.0.0.1'],
    ['IPv4-mapped', '::ffff:10.0.0.1'],
    ['IPv4-mapped', '::ffff:7f00:1'],
    ['site-local', 'fec0::1'],
    ['discard', '100::1'],
    ['segment routing', '5f00::1'],
    ['no address', 'host'],
  ] as const) {
    it(`is false for ${address} (${network})`, () => assert.equal(isPublicAddress(address), false));
  }
});

describe('isPublicName', () => {
  for (const name of ['files.nrfcloud.com', 'a.b.c.org.', 'bucket.s3.amazonaws.com', 'xn--bcher-kva.de']) {
    it(`is true for ${name}`, () => assert.equal(isPublicName(name), true));
  }
  for (const name of [
    'intranet',
    'printer.local',
    'files.internal',
    'nas.lan',
    'x.localhost',
    'router.home',
    'router.home.arpa',
    'metadata.google.internal',
    'host.corp',
    'x.test',
    'x.123',
    'files.example1.123',
    'com',
    '',
  ]) {
    it(`is false for "${name}"`, () => assert.equal(isPublicName(name), false));
  }
});
