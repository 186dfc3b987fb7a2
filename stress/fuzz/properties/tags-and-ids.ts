import { InvalidValue } from '../../../nodes/util/invalid-value';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseDeviceId, parseTagId } from '../../../nodes/parse/ids';
import { chooseOperation } from '../../../nodes/operations/operation-table';
import { parseQuery } from '../../../nodes/parse/query';
import { TAG_OPERATIONS } from '../../../nodes/operations/tags';
import { parseTagName } from '../../../nodes/parse/tag-name';
import { parseTags } from '../../../nodes/parse/tags';
import { NrfCloudError } from '../../../nodes/api/errors';
import { endpointPath } from '../../../nodes/api/endpoints';
import { property, type AnyProperty } from '../property';
import { anyRecipe, build, isLookable } from '../values/hostile';
import { longText, oddText, written } from '../values/texts';

/** What a tag has to be for the service. */
export function assertTag(tag: unknown): void {
  assert.ok(typeof tag === 'string' && tag !== '' && tag === tag.trim());
  assert.ok(Array.from(tag).length <= 100);
  assert.doesNotMatch(tag, /\p{Surrogate}/u);
  // eslint-disable-next-line no-control-regex -- what must not be there
  assert.doesNotMatch(tag, /[\u0000-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060\ufeff\ufffd]/);
}

const invalid = (error: unknown): void => {
  assert.ok(error instanceof InvalidValue || error instanceof NrfCloudError, String(error));
  if (error instanceof NrfCloudError) assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
  assert.match(error.message, /^[^\n]{10,400}$/);
};

const lookable = anyRecipe.filter(isLookable);

export const tagsAndIds: AnyProperty[] = [
  property({
    name: 'tags are trimmed, whole, different and short, or refused',
    weight: 20,
    limitMs: 100,
    arbitrary: fc.array(fc.oneof(oddText, fc.array(fc.oneof(oddText, fc.integer()))), { maxLength: 3 }),
    check: (sources) => {
      try {
        const tags = parseTags(...sources);
        tags.forEach(assertTag);
        assert.equal(new Set(tags).size, tags.length);
        assert.deepEqual(parseTags(tags), tags);
      } catch (error) {
        assert.ok(error instanceof InvalidValue, String(error));
      }
    },
  }),
  property({
    name: 'values of any kind are tags or are refused',
    weight: 4,
    limitMs: 100,
    arbitrary: lookable,
    check: (recipe) => {
      try {
        parseTags(build(recipe)).forEach(assertTag);
      } catch (error) {
        assert.ok(error instanceof InvalidValue, String(error));
      }
      try {
        assertTag(parseTagName(build(recipe)));
      } catch (error) {
        invalid(error);
      }
    },
  }),
  property({
    name: 'a device id, tag id or operation is read or refused, and its path is one segment',
    weight: 20,
    limitMs: 100,
    arbitrary: fc.oneof(
      oddText.map((value) => ({ value })),
      lookable,
    ),
    check: (recipe) => {
      for (const [read, operation] of [
        [parseDeviceId, 'get device'],
        [parseTagId, 'get tag'],
      ] as const) {
        let id: string;
        try {
          id = read(build(recipe));
        } catch (error) {
          invalid(error);
          continue;
        }
        try {
          const path = endpointPath(operation, 'guide', id);
          assert.match(path, /^(\/[\w.~!'()*%-]+)+$/);
          assert.equal(decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)), id);
          assert.ok(id !== '.' && id !== '..' && path.length < 4000);
        } catch (error) {
          assert.ok(error instanceof RangeError || error instanceof InvalidValue, String(error));
        }
      }
      try {
        chooseOperation(TAG_OPERATIONS, 'msg', build(recipe), 'list tags');
      } catch (error) {
        invalid(error);
      }
    },
  }),
  property({
    name: 'a query is read or refused, and can stand in a path',
    weight: 10,
    limitMs: 100,
    arbitrary: fc.oneof(
      oddText.map((value) => ({ value })),
      lookable,
    ),
    check: (recipe) => {
      try {
        assert.match(parseQuery(build(recipe)).toString(), /^[\w.*%+=&-]*$/);
      } catch (error) {
        assert.ok(error instanceof InvalidValue, String(error));
        assert.match(error.message, /^(is|has|holds) [^\n]{5,300}$/);
      }
    },
  }),
  property({
    name: 'long texts take no time as tags, ids and queries',
    weight: 0.05,
    limitMs: 200,
    arbitrary: longText(300_000),
    check: (text) => {
      const value = written(text);
      for (const read of [
        () => parseTags(value),
        () => parseTags([value]),
        () => parseDeviceId(value),
        () => endpointPath('get tag', 'guide', parseTagId(value)),
        () => parseQuery(value),
      ]) {
        try {
          read();
        } catch (error) {
          assert.ok(error instanceof InvalidValue || error instanceof NrfCloudError || error instanceof RangeError);
        }
      }
    },
  }),
];
