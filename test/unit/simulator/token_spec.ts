import { decodeCBOR, type CBORTag, type CBORType } from '@levischuck/tiny-cbor';
import assert from 'node:assert/strict';

import { readCommand } from '../../../simulator/cli';
import { formatToken, readToken } from '../../../simulator/identity/claim-token';
import { DeviceKeys } from '../../../simulator/identity/device-keys';
import { imeiOf } from '../../../simulator/identity/imei';
import { Mint } from '../../../simulator/identity/mint';
import { PRINTED_TOKENS } from '../../../simulator/identity/printed-tokens';
import { startSimulator } from '../../../simulator/index';
import { tokenRows } from '../../../simulator/print-tokens';
import { call } from './harness';

const mintOf = (seed: string) => new Mint(seed, new DeviceKeys(seed));

describe('simulator: claim tokens', () => {
  it('mints what an independent CBOR decoder reads', () => {
    const challenge = '00112233445566778899aabbccddeeff';
    const minted = mintOf('a').mint({ deviceType: 5, nonce: challenge });
    assert.equal(minted.claimToken.length, 180);
    assert.match(minted.claimToken, /^2dn3hQFQ[\w-]{68}\.0oRDoQEmoQRBIfZYQ[\w-]{86}$/);
    const [message, cose] = minted.claimToken.split('.').map(decode) as [CBORTag, CBORTag];
    assert.deepEqual([message.tag, cose.tag], [55799, 18]);
    const [type, uuid, deviceType, firmware, nonce] = message.value as CBORType[];
    assert.deepEqual([type, deviceType], [1, 5]);
    assert.deepEqual(
      [uuid, firmware, nonce].map((bytes) => hex(bytes)),
      [minted.deviceUuid.replaceAll('-', ''), minted.firmwareUuid.replaceAll('-', ''), challenge],
    );
    const [protectedHeader, unprotected, payload, signature] = cose.value as CBORType[];
    assert.deepEqual([hex(protectedHeader), payload, (signature as Uint8Array).length], ['a10126', null, 64]);
    assert.equal(hex((unprotected as Map<number, CBORType>).get(4)), '21');
  });

  it('writes and reads a device type beyond 23 in two bytes', () => {
    const { claimToken } = mintOf('a').mint({ deviceType: 24 });
    assert.equal(claimToken.length, 182);
    const facts = readToken(claimToken);
    assert.ok('id' in facts);
    assert.equal(facts.deviceType, 24);
    assert.equal(formatToken(facts.message, facts.signature), claimToken);
  });

  it('reads the printed tokens as others have decoded them', () => {
    const ids = [...PRINTED_TOKENS.keys()].map((token) => {
      const facts = readToken(token);
      return 'id' in facts ? facts.id : facts.malformed;
    });
    assert.deepEqual(ids, [
      '4961c873-408c-45ce-b1ba-7c0d99d88179',
      '30672d4b-fb35-4856-a1f4-473ca53a2f0d',
      '50363154-3931-44f0-8022-121b6401627d',
    ]);
  });

  it('names what is wrong with a KEYGEN result and other message types', () => {
    const reason = (token: string) => {
      const facts = readToken(token);
      return 'malformed' in facts ? facts.malformed : 'nothing';
    };
    assert.match(reason('MFkwEwYHKoZIzj0CAQYI.0oRDoQEmoQRBIVhL'), /not an attestation message/);
    assert.match(reason(mintOf('a').mint().claimToken.replace('2dn3hQFQ', '2dn3hQhQ')), /of type 8/);
    assert.match(reason('a.b.c'), /one dot between them, this one has 3/);
  });

  it('makes the same devices from the same seed, others from another', () => {
    const devices = (seed: string) => {
      const mint = mintOf(seed);
      return Array.from({ length: 20 }, () => mint.mint({ signed: false }));
    };
    assert.deepEqual(devices('a'), devices('a'));
    assert.notEqual(devices('a')[0]?.deviceUuid, devices('b')[0]?.deviceUuid);
    assert.equal(new Set(devices('a').map((device) => device.deviceUuid)).size, 20);
  });

  it('keeps to what it can hold of keys', () => {
    const keys = new DeviceKeys('a', 2);
    const uuids = [1, 2, 3].map((number) => Buffer.alloc(16, number));
    const data = Buffer.from('data');
    const signatures = uuids.map((uuid) => keys.sign(uuid, data));
    assert.ok(uuids.every((uuid, index) => keys.verify(uuid, data, signatures[index]!)));
    assert.ok(!keys.verify(uuids[0]!, data, signatures[1]!));
  });

  it('gives IMEIs with a right check digit', () => {
    // The IMEI of the guide, made of the serial number that this UUID yields.
    const uuid = Buffer.alloc(16);
    uuid.writeUInt32BE(611868);
    assert.equal(imeiOf(uuid), '352656106118683');
  });

  it('refuses to mint what no modem would', () => {
    const mint = mintOf('a');
    for (const options of [{ deviceType: 256 }, { deviceType: 1.5 }, { deviceUuid: 'x' }, { nonce: '00' }]) {
      assert.throws(() => mint.mint(options), TypeError);
    }
  });

  it('prints tokens that a simulator of the same seed accepts, and one of another does not', async () => {
    const command = readCommand(['tokens', '3', '--seed', 'shared', '--skip', '2', '--tags', 'a,b']);
    assert.equal(command.name, 'tokens');
    const csv = [...tokenRows(command.options)].join('');
    const friend = await startSimulator({ seed: 'shared' });
    const stranger = await startSimulator({ seed: 'other' });
    try {
      const accepted = await call(friend, 'POST', '/claimed-devices', { body: csv });
      assert.deepEqual([accepted.json.claimedIds.length, accepted.json.failed.length], [3, 0]);
      assert.deepEqual(friend.devices()[0]?.['tags'], ['a', 'b']);
      friend.mintMany(2);
      assert.equal(friend.mint().deviceUuid, accepted.json.claimedIds[0]);
      const refused = await call(stranger, 'POST', '/claimed-devices', { body: csv });
      assert.equal(refused.json.failed.length, 3);
    } finally {
      await Promise.all([friend.close(), stranger.close()]);
    }
  });

  it('prints the four columns of the gather tool', () => {
    const command = readCommand(['tokens', '2', '--format', 'gather', '--unsigned']);
    assert.equal(command.name, 'tokens');
    for (const row of tokenRows(command.options)) {
      assert.match(row, /^\d{15},[\da-f-]{36},[\w-]{76}\.[\w-]{103},[\d-]{10}T[\d:]{8}\.\d{6}\+00:00\n$/);
    }
  });
});

describe('simulator: command line', () => {
  it('reads every option', () => {
    const text =
      '--port 1 --summary-port 2 --api guide --api-key k --viewer-key v --viewer-key w --seed s --latency 5-9 --rate 3 ' +
      '--page-size 4 --bulk-pending 6 --bulk-progress 7 --error-summary older --reclaim ok --undefined-tags refuse ' +
      '--accept-unknown --unverified --no-record --device-api-port 8 --contact-after 9 --contact-every never ' +
      '--onboard-after 10 --state-after never --role owner --device-api-rate 11';
    assert.deepEqual(readCommand(text.split(' ')), {
      name: 'serve',
      options: {
        port: 1,
        summaryPort: 2,
        api: 'guide',
        apiKey: 'k',
        viewerKeys: ['v', 'w'],
        seed: 's',
        latency: [5, 9],
        rate: 3,
        pageSize: 4,
        bulkPendingMs: 6,
        bulkProgressMs: 7,
        errorSummary: 'older',
        reclaim: 'ok',
        undefinedTags: 'refuse',
        acceptUnknownDevices: true,
        verify: false,
        record: false,
        deviceApiPort: 8,
        role: 'owner',
        deviceApiRate: 11,
      },
      behaviour: { contactAfterMs: 9, contactEveryMs: null, onboardAfterMs: 10, stateAfterMs: null },
    });
    assert.deepEqual(readCommand([]), {
      name: 'serve',
      options: { port: 4270, summaryPort: 4271, deviceApiPort: 4272 },
      behaviour: {},
    });
    const other = readCommand(['--port', '1']);
    assert.deepEqual(other.name === 'serve' && other.options.deviceApiPort, 0);
    assert.deepEqual(readCommand(['--help']), { name: 'help' });
    assert.deepEqual(readCommand(['tokens', '--help']), { name: 'help' });
  });

  it('says what is wrong', () => {
    for (const argv of [
      ['--port', 'x'],
      ['--contact-after', 'soon'],
      ['dance'],
      ['--nope'],
      ['tokens'],
      ['tokens', 'x'],
      ['tokens', '1', '--format', 'y'],
    ]) {
      assert.throws(() => readCommand(argv), TypeError, argv.join(' '));
    }
  });
});

function decode(part: string): CBORType {
  return decodeCBOR(new Uint8Array(Buffer.from(part, 'base64url')));
}

function hex(bytes: CBORType | undefined): string {
  return Buffer.from(bytes as Uint8Array).toString('hex');
}
