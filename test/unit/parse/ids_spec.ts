import assert from 'node:assert/strict';
import { parseClaimInput } from '../../../nodes/parse/claim-input';
import { cleanId, parseDeviceId, parseTagId } from '../../../nodes/parse/ids';
import { parseQuery } from '../../../nodes/parse/query';
import { parseTagName } from '../../../nodes/parse/tag-name';
import { parseChosenTags } from '../../../nodes/parse/tags';
import { InvalidValue } from '../../../nodes/util/invalid-value';
import { mintToken } from './rows/read-all-rows';

describe('ids and names: errors', () => {
  for (const [what, read, fact] of [
    ['parseDeviceId: nothing', () => parseDeviceId(undefined), /^is missing; enter a device id as text/],
    ['parseDeviceId: null in a field', () => parseDeviceId({ id: null }), /^is missing; enter a device id as text/],
    ['parseDeviceId: empty text', () => parseDeviceId(''), /^is empty; enter a device id as text/],
    ['parseDeviceId: a number that is not an IMEI', () => parseDeviceId(7), /^is a number; enter a device id as text/],
    ['parseDeviceId: digits of an IMEI in a list', () => parseDeviceId(['352656106118683']), /^is an array; enter/],
    ['parseTagId: nothing', () => parseTagId(undefined), /^is missing; enter a tag id as text/],
    ['parseTagId: empty text', () => parseTagId(''), /^is empty; enter a tag id as text/],
    ['cleanId: empty text', () => cleanId(''), /^is empty; enter an id as text/],
    ['parseTagName: null', () => parseTagName(null), /^holds no tag; enter/],
    ['parseQuery: a Date', () => parseQuery(new Date(0)), /^is an object of another kind; enter/],
    ['parseQuery: infinity', () => parseQuery({ a: Infinity }), /^has a number as "a"; enter/],
    ['parseChosenTags: nothing', () => parseChosenTags(undefined, 'a'), /^is missing; set it to tags/],
  ] as const) {
    it(`${what} is named`, () => {
      assert.throws(read, (error: Error) => error instanceof InvalidValue && fact.test(error.message));
    });
  }
});

describe('parseChosenTags', () => {
  for (const [what, source, tags] of [
    ['tags come after those before', 'b,a', ['a', 'b']],
    ['empty text means no tags', '', ['a']],
    ['null means no tags', null, ['a']],
  ] as const) {
    it(`parseChosenTags: ${what}`, () => assert.deepEqual(parseChosenTags(source, ['a']), tags));
  }
});

describe('parseClaimInput: bytes', () => {
  it('parseClaimInput: a Buffer is a claim token', () => {
    const { claimToken, deviceUuid } = mintToken();
    assert.deepEqual(parseClaimInput(Buffer.from(claimToken)), { claimToken, deviceId: deviceUuid, tags: [] });
  });
});
