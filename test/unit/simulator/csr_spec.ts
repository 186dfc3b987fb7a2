import { decodeCBOR, type CBORTag, type CBORType } from '@levischuck/tiny-cbor';
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';

import type { DeviceBehaviour } from '../../../simulator/index';
import { DeviceKeys } from '../../../simulator/identity/device-keys';
import { parseUuid } from '../../../simulator/identity/uuid';
import { call, useSimulator } from './harness';

const ECDSA_WITHOUT_PARAMETER = Buffer.from('300a06082a8648ce3d040302', 'hex');
const ECDSA_WITH_NULL = Buffer.from('300c06082a8648ce3d0403020500', 'hex');

/** One element of DER: its tag, its content, all its bytes, and what follows it. */
function readDer(bytes: Buffer): { tag: number; content: Buffer; whole: Buffer; rest: Buffer } {
  const first = bytes[1]!;
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(2, lengthBytes);
  const end = 2 + lengthBytes + length;
  assert.ok(end <= bytes.length);
  return {
    tag: bytes[0]!,
    content: bytes.subarray(2 + lengthBytes, end),
    whole: bytes.subarray(0, end),
    rest: bytes.subarray(end),
  };
}

/** The parts of a certificate signing request. */
function readRequest(request: Buffer) {
  const outer = readDer(request);
  assert.deepEqual([outer.tag, outer.rest.length], [0x30, 0]);
  const info = readDer(outer.content);
  const algorithm = readDer(info.rest);
  const signature = readDer(algorithm.rest);
  const version = readDer(info.content);
  const subject = readDer(version.rest);
  const key = readDer(subject.rest);
  return { info: info.whole, algorithm: algorithm.whole, signature: signature.content.subarray(1), subject, key };
}

function isSelfSigned(request: Buffer): boolean {
  const { info, signature, key } = readRequest(request);
  return verify('sha256', info, createPublicKey({ key: key.whole, type: 'spki', format: 'der' }), signature);
}

describe('simulator: certificate signing requests', () => {
  const sim = useSimulator({ seed: 'csr' });

  /** Lets a device execute the command and returns the command's response. */
  async function execute(behaviour: Partial<DeviceBehaviour> = {}, change: object = {}) {
    sim().setDeviceBehaviour('default', { contactAfterMs: null, ...behaviour });
    const [deviceId = ''] = sim().fill(1);
    const attributes = 'O=Nordic Semiconductor,L=Trondheim,C=no,CN=0123456789';
    const request = {
      certificateSigningRequest: { secTag: 16842753, attributes, keyUsage: '101010000', ...change },
    };
    await call(sim(), 'POST', `/claimed-devices/${deviceId}/provisioning`, { body: { request } });
    sim().contact(deviceId);
    const { response, status } = sim().commands(deviceId)[0] as {
      status: string;
      response: { certificateSigningRequest?: Record<string, string> };
    };
    return { deviceId, status, fields: response.certificateSigningRequest ?? {} };
  }

  async function message(behaviour?: Partial<DeviceBehaviour>, change?: object) {
    const { deviceId, fields } = await execute(behaviour, change);
    const [first = '', second] = fields['message']!.split('.');
    return { deviceId, text: fields['message']!, request: Buffer.from(first, 'base64url'), second };
  }

  function readAttestation(second: string) {
    const cose = decodeCBOR(new Uint8Array(Buffer.from(second, 'base64url'))) as CBORTag;
    const [header, , payload, signature] = cose.value as CBORType[];
    const inner = decodeCBOR(payload as Uint8Array) as CBORTag;
    const [type, uuid, secTag, digest, nonce] = inner.value as CBORType[];
    return {
      tag: cose.tag,
      header: Buffer.from(header as Uint8Array),
      payload: Buffer.from(payload as Uint8Array),
      signature: Buffer.from(signature as Uint8Array),
      type,
      uuid: Buffer.from(uuid as Uint8Array),
      secTag: decodeCBOR(secTag as Uint8Array),
      digest: Buffer.from(digest as Uint8Array),
      nonce: Buffer.from(nonce as Uint8Array),
    };
  }

  it('is a PKCS#10 request of a P-256 key, signed by itself', async () => {
    const { request } = await message();
    assert.ok(isSelfSigned(request));
    const { algorithm, key, subject } = readRequest(request);
    assert.deepEqual(algorithm, ECDSA_WITHOUT_PARAMETER);
    const { asymmetricKeyDetails } = createPublicKey({ key: key.whole, type: 'spki', format: 'der' });
    assert.equal(asymmetricKeyDetails?.namedCurve, 'prime256v1');
    for (const text of ['Nordic Semiconductor', 'Trondheim', 'no', '0123456789']) {
      assert.ok(subject.content.includes(text), text);
    }
  });

  it('asks for the key usage of the command', async () => {
    const { request } = await message();
    // The extension keyUsage with the bits 10101, trailing zeros left out (X.690).
    assert.ok(request.includes(Buffer.from('0603551d0f0404030203a8', 'hex')));
  });

  it('has a COSE_Sign1 of the device with type, UUID, security tag, digest and nonce', async () => {
    const { deviceId, request, second = '' } = await message();
    const attestation = readAttestation(second);
    assert.deepEqual([attestation.tag, attestation.type, attestation.secTag], [18, 9, 16842753]);
    assert.deepEqual(attestation.uuid, parseUuid(deviceId));
    assert.deepEqual(attestation.digest, createHash('sha256').update(request).digest());
    assert.equal(attestation.nonce.length, 16);
    const signed = Buffer.concat([
      Buffer.from('846a', 'hex'),
      Buffer.from('Signature1'),
      Buffer.from('43a1012640', 'hex'),
      Buffer.from([0x58, attestation.payload.length]),
      attestation.payload,
    ]);
    assert.ok(new DeviceKeys('csr').verify(attestation.uuid, signed, attestation.signature));
  });

  it('writes security tags from 2^31 on as negative numbers, small ones short', async () => {
    for (const [secTag, written] of [
      [0, 0],
      [23, 23],
      [200, 200],
      [50_000, 50_000],
      [2 ** 31, -(2 ** 31)],
      [2 ** 32 - 1, -1],
    ]) {
      const { second = '' } = await message({}, { secTag });
      assert.equal(readAttestation(second).secTag, written);
    }
  });

  it('can have the NULL parameter of older modems', async () => {
    const { request } = await message({ csrNullParameter: true });
    assert.ok(isSelfSigned(request));
    assert.deepEqual(readRequest(request).algorithm, ECDSA_WITH_NULL);
  });

  it('can lack its second part', async () => {
    assert.equal((await message({ csrAttestation: false })).second, undefined);
  });

  it('is in the field that is set', async () => {
    sim().set({ csrField: 'csr' });
    const { fields } = await execute();
    assert.deepEqual(Object.keys(fields), ['csr']);
  });

  it('is the same whenever it is read', async () => {
    const { deviceId, text } = await message();
    const [command] = sim().commands(deviceId) as { response: { certificateSigningRequest: { message: string } } }[];
    assert.equal(command?.response.certificateSigningRequest.message, text);
  });

  it('can be damaged in each way', async () => {
    const read = async (csrDamage: DeviceBehaviour['csrDamage']) => {
      const { deviceId, request, second = '' } = await message({ csrDamage });
      const { digest, uuid, secTag } = readAttestation(second);
      return {
        digest: digest.equals(createHash('sha256').update(request).digest()),
        device: uuid.equals(parseUuid(deviceId)),
        secTag: secTag === 16842753,
        commonName: request.includes('0123456789'),
        signature: isSelfSigned(request),
      };
    };
    const sound = { digest: true, device: true, secTag: true, commonName: true, signature: true };
    assert.deepEqual(await read('none'), sound);
    for (const damage of ['digest', 'device', 'secTag', 'commonName', 'signature'] as const) {
      assert.deepEqual(await read(damage), { ...sound, [damage]: false });
    }
    const cut = await message({ csrDamage: 'cut' });
    assert.throws(() => readRequest(cut.request));
  });

  it('fails on the device if its attributes are not valid', async () => {
    for (const attributes of ['nothing', 'X=1', 'CN=']) {
      assert.equal((await execute({}, { attributes })).status, 'FAILED', attributes);
    }
  });

  it('cloud access key generation returns a CSR, private key generation a public key', async () => {
    sim().setDeviceBehaviour('default', { contactAfterMs: null });
    const [deviceId = ''] = sim().fill(1);
    for (const type of ['clientPrivateKeyGeneration', 'cloudAccessKeyGeneration']) {
      const body = { request: { [type]: { secTag: 1 } } };
      await call(sim(), 'POST', `/claimed-devices/${deviceId}/provisioning`, { body });
    }
    sim().contact(deviceId);
    const [generated, cloud] = sim().commands(deviceId) as { response: any }[];
    const { publicKey } = generated?.response.clientPrivateKeyGeneration as { publicKey: string };
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64url'), type: 'spki', format: 'der' });
    assert.equal(key.asymmetricKeyType, 'ec');
    const [first = ''] = (cloud?.response.cloudAccessKeyGeneration.message as string).split('.');
    assert.ok(isSelfSigned(Buffer.from(first, 'base64url')));
    assert.ok(Buffer.from(first, 'base64url').includes(deviceId));
  });
});
