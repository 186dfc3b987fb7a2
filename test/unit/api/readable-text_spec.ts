import assert from 'node:assert/strict';
import { isWebPage, readableText } from '../../../nodes/api/readable-text';

describe('readableText', () => {
  for (const [what, body, text] of [
    ['text', 'too late', 'too late'],
    ['text with an angle bracket', 'more than <100', 'more than <100'],
    ['text that begins with a bracket after a word', 'rows<100', 'rows<100'],
    ['markup', '<p>too late', ''],
    ['markup after white space', ' \r\n <p>too late', ''],
    ['the first of a list', ['too late', 'other'], 'too late'],
    ['a list whose first item has no words', [{}, 'too late'], ''],
    ['an object without words', { code: 7 }, ''],
    ['the best field', { reason: 'other', message: 'too late' }, 'too late'],
    ['the next best field, if the best one is empty', { message: ' ', reason: 'too late' }, 'too late'],
    ['a number', 7, ''],
    ['nothing', undefined, ''],
  ] as const) {
    it(`${what}: ${text === '' ? 'no words' : text}`, () => {
      assert.equal(readableText(body), text);
    });
  }
});

describe('isWebPage', () => {
  for (const [text, expected] of [
    ['<!DOCTYPE html>', true],
    [' \n\t<HTML lang="en">', true],
    ['<head>', true],
    ['<body>', true],
    ['<?xml version="1.0"?>', true],
    ['<!-- a page -->', true],
    ['the page <html>', false],
    ['<p>', false],
    ['{"message":"<html>"}', false],
  ] as const) {
    it(`${JSON.stringify(text)} ${expected ? 'is' : 'is not'} one`, () => {
      assert.equal(isWebPage(text), expected);
    });
  }
});
