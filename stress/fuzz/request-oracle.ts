import assert from 'node:assert/strict';
import { isSound } from './properties/claim-token';
import { assertTag } from './properties/tags-and-ids';
import type { Seen } from './all-nodes';
import type { Subject } from './subjects';
import { SECRET } from './values/credentials';

/** Throws if a request may not be sent. An oracle of its own: what may be sent, told by the request alone and the kind of the value. */
export function checkRequests({ type, needsNoPayload = false }: Subject, requests: Seen[], value: unknown): void {
  for (const { method, url, body } of requests) {
    assert.match(url, /^(\/[\w.~!'()*%-]+)+(\?[\w.*%+=&-]+)?$/);
    const segments = url.split('?')[0]!.split('/');
    assert.ok(
      segments.slice(1).every((segment) => !['', '.', '..'].includes(decodeURIComponent(segment))),
      url,
    );
    assert.ok(segments.every((segment) => segment.length < 4000));
    if (method === 'POST' && url.endsWith('/identities/claimed-devices')) {
      const { claimToken, tags = [], ...rest } = JSON.parse(body) as Record<string, any>;
      assert.deepEqual(rest, {});
      assert.ok(isSound(claimToken));
      assert.ok(Array.isArray(tags));
      tags.forEach(assertTag);
    }
    if (method === 'POST' && url.endsWith('/bulk')) {
      for (const line of body.trimEnd().split('\n')) assert.ok(isSound(line.split(',')[0]!), 'a row is no token');
    }
    if (method === 'POST' && url.endsWith('/provisioning')) assertCommand(JSON.parse(body));
    if (method === 'POST' && url.endsWith('/provisioning-rules')) assertRule(JSON.parse(body));
    if (type === 'nrfcloud-tags' && body !== '') assertTag((JSON.parse(body) as { tag: unknown }).tag);
  }
  const nothing =
    value === null || ['undefined', 'number', 'boolean', 'bigint', 'symbol', 'function'].includes(typeof value);
  if (nothing && !needsNoPayload) assert.equal(requests.length, 0, 'a request for nothing');
}

function assertCommand({ request, description = '', ...rest }: any): void {
  assert.deepEqual(rest, {});
  assert.equal(typeof description, 'string');
  const types = Object.keys(request);
  assert.equal(types.length, 1);
  const type = types[0]!;
  // What a raw request holds is the user's business.
  if (Object.hasOwn(KNOWN_FIELDS, type)) assertFields(type, request[type]);
}

/** The fields of the commands that this package builds. */
const KNOWN_FIELDS: Record<string, string[]> = {
  cloudAccessKeyGeneration: ['secTag'],
  clientPrivateKeyGeneration: ['secTag'],
  certificateSigningRequest: ['secTag', 'attributes', 'keyUsage'],
  serverCertificate: ['secTag', 'content'],
  clientCertificate: ['secTag', 'content'],
  finished: [],
};

function assertFields(type: string, fields: Record<string, any>): void {
  assert.deepEqual(Object.keys(fields), KNOWN_FIELDS[type]);
  const { secTag = 0, attributes = 'CN=x', keyUsage = '101010000', content } = fields;
  assert.ok(Number.isInteger(secTag) && secTag >= 0 && secTag < 2 ** 32, `secTag ${String(secTag)}`);
  // eslint-disable-next-line no-control-regex -- what must not be there
  assert.match(attributes, /^[^\u0000-\u001f"]+$/);
  assert.match(keyUsage, /^[01]{9}$/);
  if (content !== undefined) assertCertificates(content);
}

/** Certificates in PEM, and nothing else. */
export function assertCertificates(content: string): void {
  assert.match(content, /^(-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/);
  assert.doesNotMatch(content, SECRET);
}

function assertRule({ name, tags, commands }: any): void {
  assert.ok(typeof name === 'string' && name.trim() !== '');
  assert.ok(Array.isArray(tags) && tags.length === 1);
  assertTag(tags[0]);
  for (const { request } of commands) assertCommand({ request });
}
