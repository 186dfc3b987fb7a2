import assert from 'node:assert/strict';
import { InvalidValue } from '../../../../nodes/util/invalid-value';
import { describeTextWithoutTokens } from '../../../../nodes/parse/rows/other-format';
import { bad, badRows, good, mintTokens, readAll, rowsIn } from './read-all-rows';

const [A, B] = mintTokens(2) as [string, string];
const XLSX = Buffer.concat([
  Buffer.from('504b03041400060008000000210000000000', 'hex'),
  Buffer.from('[Content_Types].xml'),
]);

describe('rows: sources that are not CSV', () => {
  for (const [name, source, fact] of [
    ['an Excel workbook', XLSX, /Excel workbook \(\.xlsx\)/],
    ['an Excel workbook that was decoded as text', XLSX.toString(), /Excel workbook/],
    ['an old Excel workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /Excel workbook \(\.xls\)/],
    ['an old Excel workbook that was decoded as text', Buffer.from('d0cf11e0a1b11ae1', 'hex').toString(), /Excel/],
    ['a ZIP archive', Buffer.from('504b030414000000', 'hex'), /ZIP/],
    ['gzip', Buffer.from('1f8b0800', 'hex'), /gzip/],
    ['gzip that was decoded as text', Buffer.from('1f8b0800', 'hex').toString(), /gzip/],
    ['PDF', '%PDF-1.7\n', /PDF/],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d', 'hex'), /picture/],
    ['HTML', ' <!DOCTYPE html>\n<html>', /HTML/],
    ['XML', '<?xml version="1.0"?>', /XML/],
    ['JSON text of an array', `["${A}"]`, /JSON/],
    ['JSON text of an object', `{ "claimToken": "${A}" }`, /JSON/],
    ['JSON text of lines', `{"token":"${A}"}\n{"token":"${B}"}`, /JSON/],
    ['| between columns', `token|tags\n${A}|a\n`, /\|/],
    ['| between columns without a header', `${A}|a\n`, /\|/],
    ['sep=|', `sep=|\ntoken|tags\n${A}|a\n`, /\|/],
    ['a path', '/data/tokens.csv\n', /path of a file/],
    ['a path of Windows', 'C:\\data\\tokens.csv', /path of a file/],
    ['the name of a file', 'tokens.xlsx', /path of a file/],
    ['columns without tokens', 'imei,uuid,time\n1,2,3\n', /columns: imei, uuid, time/],
    ['64 KiB without tokens', `imei,uuid\n${'1,2\n'.repeat(20_000)}${A}\n`, /columns: imei, uuid/],
    ['64 KiB without an end of line', 'x'.repeat(200_000), /neither a claim token/],
    ['64 KiB of blank lines', `${'\n'.repeat(70_000)}${A}\n`, /neither a claim token/],
    ['lines with misplaced quotes', 'He said "hello" to\nthe "world"\n', /neither a claim token/],
    ['bytes that are not text', Buffer.from('0001ff00fe80c300', 'hex'), /binary/],
  ] as const) {
    it(`are refused once, and named: ${name}`, async () => {
      await assert.rejects(rowsIn(source), (error: Error) => error instanceof InvalidValue && fact.test(error.message));
    });
  }

  for (const [what, text, expected] of [
    ['text with a NUL', `${'a,b\n'.repeat(100)}\0`, true],
    ['text with many characters that could not be decoded', `${'x'.repeat(90)}${'\ufffd'.repeat(10)}`, true],
    ['text with a few characters that could not be decoded', `${'x'.repeat(99)}\ufffd`, false],
    ['plain text', 'hello', false],
  ] as const) {
    it(`describeTextWithoutTokens: ${what} is ${expected ? '' : 'not '}binary data`, () => {
      assert.equal(describeTextWithoutTokens(text)?.startsWith('is binary data') ?? false, expected);
    });
  }

  it('are rows if a later part is not CSV', async () => {
    const rows = await rowsIn(`${A}\n${'{"a":1}\n'.repeat(3)}`);
    assert.deepEqual([good(rows).length, bad(rows).length], [1, 3]);
  });

  it('are rows if the only token is in a broken line', async () => {
    for (const source of [`a "note"\n${A},"b\n`, `${'x'.repeat(100)}"${A}\n`, `${A},${'x'.repeat(70_000)}\n${B}\n`]) {
      const rows = await rowsIn(source);
      assert.equal(badRows(rows).at(0)?.code, 'BAD_CSV', source.slice(0, 20));
    }
  });

  it('show at most 100 characters of a row without a token', async () => {
    const secret = 's'.repeat(300);
    const [row] = badRows(await rowsIn(`${A}\n${secret},"${secret.slice(0, 90)}"\n`));
    assert.ok([row!.claimToken ?? '', ...(row!.tags ?? [])].join('').length <= 100);
    const damaged = badRows(await rowsIn(`${A}\n${B.slice(0, 150)},"a,b"\n`))[0]!;
    assert.deepEqual([damaged.claimToken, damaged.tags], [B.slice(0, 150), ['a', 'b']]);
  });
});

describe('rows: CSV as spreadsheets and shells make it', () => {
  it('takes lines of delimiters, blanks and no-break spaces for blank lines', async () => {
    const rows = await rowsIn(`token,tags\n${A},a\n,,\n \u00a0,\t\n\u00a0\n"",""\n${B}\n`);
    assert.deepEqual(good(rows), [
      [2, A, ['a']],
      [7, B, []],
    ]);
    assert.equal(rows.length, 2);
  });

  it('drops a byte order mark in the middle', async () => {
    const parts = [`\ufeff"${A}","a"\n`, `\ufeff"${B}","b"\n`];
    for (const source of [parts.join(''), Buffer.from(parts.join('')), Buffer.from(parts.join(''), 'utf16le')]) {
      assert.deepEqual(good(await rowsIn(source)), [
        [1, A, ['a']],
        [2, B, ['b']],
      ]);
    }
  });

  it('reads cells like ="355…"', async () => {
    const { rows, columns } = await readAll(`="355026070123456",x,${A},t\n="a ""b"", c",,="${B}",\n`);
    assert.deepEqual(
      good(rows).map(([line, token]) => [line, token]),
      [
        [1, A],
        [2, B],
      ],
    );
    assert.deepEqual(columns.ignored, [1, 2, 4]);
    assert.deepEqual(good(await rowsIn(`="${A}",="a,b"\n`)), [[1, A, ['a', 'b']]]);
  });

  it('rows: empty cells beside cells like ="355…" keep their place, also between tabs', async () => {
    const rows = await rowsIn(`token\timei\tnote\ttags\n="${A}"\t\t\t="a"\n\t\t="note"\t\n="${B}" \t ="1"\t\tb\n`);
    assert.deepEqual(good(rows), [
      [2, A, ['a']],
      [4, B, ['b']],
    ]);
  });

  it('has no rows below a header alone', async () => {
    const { rows, columns } = await readAll('title\n\ntoken,tags\n');
    assert.deepEqual([rows, columns], [[], { header: 3, token: 1, tags: 2, ignored: [] }]);
  });

  it("reads the modem's answers of a terminal log, and its errors", async () => {
    const log = [
      ...['AT%ATTESTTOKEN', `%ATTESTTOKEN: "${A}"`, '', 'OK', 'AT%ATTESTTOKEN', 'ERROR'],
      ...[`2026-11-27 01:08:00.123  %ATTESTTOKEN: "${B}"`, 'OK', `%ATTESTTOKEN: "${A.slice(0, 150)}"`],
    ];
    const rows = await rowsIn(log.join('\r\n'));
    assert.deepEqual(good(rows), [
      [2, A, []],
      [7, B, []],
    ]);
    assert.deepEqual(bad(rows), [
      [6, 'INVALID_TOKEN'],
      [9, 'INVALID_TOKEN'],
    ]);
  });

  it('rows: an error in a terminal log is shown without the time before it', async () => {
    const rows = await rowsIn(`%ATTESTTOKEN: "${A}"\r\nOK\r\n01:08:00.123 +CME ERROR: 3\r\n`);
    assert.deepEqual([good(rows).length, badRows(rows)[0]!.claimToken], [1, '+CME ERROR: 3']);
  });

  it("reads the log lines of Nordic's firmware", async () => {
    const rows = await rowsIn(`*** Booting nRF Connect SDK ***\n[00:00:05.123,456] <wrn> provisioning: ${A}\n`);
    assert.deepEqual(good(rows), [[2, A, []]]);
  });
});
