import assert from 'node:assert/strict';
import { indexOfName, readColumnChoice } from '../../../../nodes/parse/rows/column-choice';
import { columnName } from '../../../../nodes/parse/rows/header-words';

describe('readColumnChoice', () => {
  for (const [column, choice] of [
    [0, undefined],
    ['0', undefined],
    ['', undefined],
    [' ', undefined],
    [1, { index: 0 }],
    [' 12 ', { index: 11 }],
    [' Claim token ', { name: 'Claim token' }],
    ['1st', { name: '1st' }],
  ] as const) {
    it(`readColumnChoice: ${JSON.stringify(column)}`, () => assert.deepEqual(readColumnChoice(column), choice));
  }
});

describe('indexOfName', () => {
  for (const [what, cell, name, found] of [
    ['its case', 'My Code', 'my code', true],
    ['white space around it', ' code\t', 'code', true],
    ['the amount of white space within it', 'my \n code', 'my code', true],
    ['how an accent is written', 'e\u0301tiquette', '\u00e9tiquette', true],
    ['other letters', 'code', 'mode', false],
    ['white space that is missing', 'mycode', 'my code', false],
  ] as const) {
    it(`indexOfName: a name is ${found ? '' : 'not '}found whatever ${what}`, () => {
      assert.equal(indexOfName(['x', cell], name), found ? 1 : -1);
    });
  }
});

describe('columnName', () => {
  for (const [cell, name] of [
    ['Claim token', 'token'],
    ['claimToken', 'token'],
    ['deviceTags', 'tags'],
    ['IMEI', 'other'],
    ['jwt', 'other'],
    ['access token', 'other'],
    ['(tags)', 'tags'],
    ['colour', undefined],
    ['', undefined],
  ] as const) {
    it(`columnName: ${JSON.stringify(cell)} names ${name ?? 'nothing that is known'}`, () => {
      assert.equal(columnName(cell), name);
    });
  }
});
