import assert from 'node:assert/strict';
import {
  choice,
  flag,
  number,
  numberOrText,
  readSettings,
  text,
  unsetVariable,
  InvalidSetting,
  type Setting,
} from '../../../nodes/runtime/settings';

/** Expects the whole sentence, and the property that it is about. */
const refuses = <T>(setting: Setting<T>, value: unknown, sentence: string): void => {
  assert.throws(
    () => setting(value, 'rate'),
    (error: Error) => {
      assert.ok(error instanceof InvalidSetting);
      assert.equal(error.message, sentence);
      assert.equal(error.property, 'rate');
      assert.equal(error.variable, undefined);
      return true;
    },
  );
};

describe('a setting', () => {
  it('that is text is trimmed, and its default if it is blank or no text', () => {
    const setting = text('payload');
    for (const value of [undefined, null, '', ' ', 7]) assert.equal(setting(value, 'output'), 'payload');
    assert.equal(setting(' a.b ', 'output'), 'a.b');
  });

  it('that is a tick box is true or false, and its default if it was never touched', () => {
    for (const otherwise of [true, false]) {
      for (const value of [undefined, '']) assert.equal(flag(otherwise)(value, 'x'), otherwise);
      for (const value of [true, 'true']) assert.equal(flag(otherwise)(value, 'x'), true);
      for (const value of [false, 'false', null, 1, 'yes']) assert.equal(flag(otherwise)(value, 'x'), false);
    }
  });

  it('that is one of a list is its first by default', () => {
    const setting = choice('a', 'b');
    for (const value of [undefined, '', 'a']) assert.equal(setting(value, 'rate'), 'a');
    assert.equal(setting('b', 'rate'), 'b');
    for (const value of ['c', null, 0]) refuses(setting, value, 'rate must be one of a, b');
  });

  it('that is a number may be typed as text', () => {
    const setting = number(5);
    for (const value of [undefined, null, '']) assert.equal(setting(value, 'rate'), 5);
    assert.equal(setting('1.5', 'rate'), 1.5);
    assert.equal(setting(0, 'rate'), 0);
    assert.equal(setting(Infinity, 'rate'), Infinity);
    for (const value of ['x', NaN, -0.1, true, {}, ['1']])
      refuses(setting, value, 'rate must be a number of at least 0');
  });

  it('that is a number has bounds', () => {
    const setting = number(5, { min: 1, max: 10, whole: true });
    for (const value of [1, '10']) assert.equal(setting(value, 'rate'), Number(value));
    for (const value of [0, 11, 1.5, '1.5']) refuses(setting, value, 'rate must be a whole number between 1 and 10');
    refuses(number(5, { min: 0.5, max: 1 }), 0.4, 'rate must be a number between 0.5 and 1');
    refuses(number(5, { min: 2, whole: true }), 1, 'rate must be a whole number of at least 2');
  });

  it('that is a number or a name may be typed as text', () => {
    const setting = numberOrText(5);
    for (const value of [undefined, null, '', ' ', true, {}]) assert.equal(setting(value, 'rate'), 5);
    for (const value of [0, 16, -1]) assert.equal(setting(value, 'rate'), value);
    assert.equal(setting(' 16 ', 'rate'), 16);
    for (const name of ['nRF', '16x', 'x16', '-1', '1.5']) assert.equal(setting(` ${name} `, 'rate'), name);
  });

  it('an unset variable is named', () => {
    for (const [value, name] of [
      ['${RATE}', 'RATE'],
      [' ${A B} ', 'A B'],
      ['x${RATE}', undefined],
      ['${RATE}x', undefined],
      ['${}', undefined],
      ['${a}}', undefined],
      [7, undefined],
    ] as const) {
      assert.equal(unsetVariable(value), name);
    }
    assert.deepEqual(readSettings({ rate: number(1), name: text('x') }, { rate: '2', other: '${NO}' }), {
      rate: 2,
      name: 'x',
    });
    assert.throws(
      () => readSettings({ rate: number(1) }, { rate: '${RATE}' }),
      (error: Error) => {
        assert.ok(error instanceof InvalidSetting);
        assert.equal(error.message, 'the environment variable RATE (for rate) is not set');
        assert.equal(error.property, 'rate');
        assert.equal(error.variable, 'RATE');
        return true;
      },
    );
  });
});
