import assert from 'node:assert/strict';
import { InvalidValue } from '../../../../nodes/util/invalid-value';
import { bad, badRows, good, mintToken, mintTokens, rowsIn } from './read-all-rows';

const [A, B, C] = mintTokens(3) as [string, string, string];
const GUIDE_SAMPLE =
  '2dn3hQFQMGctS_s1SFah9Ec8pTovDQNQJQ6Xd9jnSmyoRTcyiJBnpFDeHvNg-5iCpT8LJcf7JVzK.oRDoQEmoQRBIfZYQIa6SNb3Ic7oz1UCacFTgWc63TNOE8i3rEa-cZElEUrKOOHlJ0dwGwPvZY0FXcA5L3Zh-TfQBONj1N5LPqYMmJc';

describe('rows: CSV', () => {
  it("reads the guide's sample, damaged second part included", async () => {
    const rows = await rowsIn(`${GUIDE_SAMPLE},"location=Oslo,color=white"`);
    assert.deepEqual(rows, [
      {
        ok: true,
        line: 1,
        deviceId: '30672d4b-fb35-4856-a1f4-473ca53a2f0d',
        claimToken: GUIDE_SAMPLE,
        tags: ['location=Oslo', 'color=white'],
      },
    ]);
  });

  it('reads one column, with and without a line break at the end', async () => {
    for (const text of [`${A}\n${B}`, `${A}\n${B}\n`, `\n${A}`.slice(1) + `\n${B}`]) {
      assert.deepEqual(good(await rowsIn(text)), [
        [1, A, []],
        [2, B, []],
      ]);
    }
  });

  for (const [name, delimiter] of Object.entries({ comma: ',', semicolon: ';', tab: '\t' })) {
    it(`finds the delimiter: ${name}`, async () => {
      const text = [`token${delimiter}tags`, `${A}${delimiter}"a,b"`, `"${B}"${delimiter}"c"`, C].join('\n');
      assert.deepEqual(good(await rowsIn(text)), [
        [2, A, ['a', 'b']],
        [3, B, ['c']],
        [4, C, []],
      ]);
    });
  }

  it('takes unquoted tags with commas behind a semicolon or tab', async () => {
    for (const delimiter of [';', '\t']) {
      assert.deepEqual(good(await rowsIn(`${A}${delimiter}a,b\n${B}${delimiter}c\n`)), [
        [1, A, ['a', 'b']],
        [2, B, ['c']],
      ]);
    }
  });

  for (const [name, lineBreak] of Object.entries({ LF: '\n', CRLF: '\r\n', CR: '\r' })) {
    it(`counts lines as an editor does: ${name}`, async () => {
      const lines = ['token,tags', '', `${A},"x`, 'y,', 'z"', '   ', `${B},""`, '', '', C];
      assert.deepEqual(good(await rowsIn(lines.join(lineBreak))), [
        [3, A, ['x y', 'z']],
        [7, B, []],
        [10, C, []],
      ]);
    });
  }

  it('reads UTF-8 and UTF-16, with a byte order mark or none', async () => {
    const text = `token,tags\r\n${A},"Tromsø,雪😀"\r\n${B}\r\n`;
    const utf16 = (mark: string) => Buffer.from(mark + text, 'utf16le');
    const sources = [
      text,
      `\ufeff${text}`,
      Buffer.from(text),
      Buffer.from(`\ufeff${text}`),
      utf16(''),
      utf16('\ufeff'),
      utf16('').swap16(),
      utf16('\ufeff').swap16(),
      new Uint8Array(Buffer.from(text)),
    ];
    for (const [index, source] of sources.entries()) {
      const expected = [
        [2, A, ['Tromsø', '雪😀']],
        [3, B, []],
      ];
      assert.deepEqual(good(await rowsIn(source)), expected, `source ${index}`);
    }
  });

  it('refuses tags that are not UTF-8, rather than to spoil them', async () => {
    const rows = await rowsIn(Buffer.from(`${A},Tromsø\n${B},Oslo\n`, 'latin1'));
    assert.deepEqual([good(rows), bad(rows)], [[[2, B, ['Oslo']]], [[1, 'INVALID_TAG']]]);
    assert.match(badRows(rows)[0]!.reason, /UTF-8/);
  });

  it('takes nothing for a byte order mark that only begins like one', async () => {
    for (const first of [[0xff], [0xfe], [0xef, 0xbc, 0xbf], [0xef, 0xbb, 0x80]]) {
      const rows = await rowsIn(Buffer.concat([Buffer.from(first), Buffer.from(`x\n${A}\n`)]));
      assert.deepEqual(good(rows), [[2, A, []]]);
      assert.equal(badRows(rows)[0]!.claimToken, `${Buffer.from(first).toString()}x`);
    }
  });

  it('takes for tokens what a header says, if none can be used', async () => {
    for (const [header, row, found] of [
      ['imei,token', '1,x', 'x'],
      ['imei,token,tags', '1, x ,a', 'x'],
      ['token,imei', 'x,1', 'x'],
      ['tags,claim token', 'a,x', 'x'],
    ] as const) {
      const [first, second] = badRows(await rowsIn(`${header}\n${row}\n${row}\n`));
      assert.deepEqual([first!.line, first!.claimToken, second!.claimToken], [2, found, found], header);
    }
  });

  it('takes no tag for what stands left of a named token', async () => {
    assert.deepEqual(good(await rowsIn(`imei,token\n1,${A}\n2,${B}\n`)), [
      [2, A, []],
      [3, B, []],
    ]);
  });

  it("reads the four columns of Nordic's tool, and takes none of them for tags", async () => {
    const row = (imei: string, token: string) =>
      `${imei},7b21b4bc-1cc9-41df-b05c-61b4605e5bb0,${token},2026-03-14T12:34:56.789012+00:00`;
    const lines = [row('352656106118683', A), row('None', B)];
    const expected = [
      [1, A, []],
      [2, B, []],
    ];
    assert.deepEqual(good(await rowsIn(`${lines.join('\n')}\n`)), expected);
    const withHeader = await rowsIn(`imei,uuid,token,time\n${lines.join('\n')}\n`);
    assert.deepEqual(
      good(withHeader).map(([line]) => line),
      [2, 3],
    );
  });

  for (const header of [
    'token,tags',
    'Token,Groups',
    'claimToken,tags',
    'claim token,tag',
    '"Claim Token","Device Tags"',
    'attestation_token,labels',
    '"Attestation token, from the modem",Labels',
    'Anspruchstoken,Gruppen',
  ]) {
    it(`knows a header: ${header}`, async () => {
      assert.deepEqual(good(await rowsIn(`${header}\n${A},a\n${B},"b,c"\n`)), [
        [2, A, ['a']],
        [3, B, ['b', 'c']],
      ]);
    });
  }

  it('knows a header of one column', async () => {
    assert.deepEqual(await rowsIn(`token\n${A}\n`), await rowsIn(`\n${A}\n`));
  });

  it('finds the columns that a header names, wherever they are', async () => {
    const text = `serial number;Tags;Name;Claim token\n1;a,b;x;${A}\n2;;y;${B}\n`;
    assert.deepEqual(good(await rowsIn(text)), [
      [2, A, ['a', 'b']],
      [3, B, []],
    ]);
  });

  it('takes no column for tags that a header calls something else', async () => {
    const rows = await rowsIn(`token,imei\n${A},352656106118683\n`);
    assert.deepEqual(good(rows), [[2, A, []]]);
    assert.deepEqual(
      good(await rowsIn(`${A},352656106118683\n${B},\n`)).flatMap(([, , tags]) => tags),
      [],
    );
  });

  it('never loses a first row that is damaged', async () => {
    for (const first of [
      'not-a-token',
      'garbage',
      'bad token',
      A.slice(0, 50),
      A.replace('.', '!'),
      '{a:1}',
      '.',
      ';x',
      ',x',
    ]) {
      const rows = await rowsIn(`${first}\n${B}\n`);
      assert.deepEqual([good(rows), bad(rows)], [[[2, B, []]], [[1, 'INVALID_TOKEN']]], first);
    }
  });

  it('works when all tokens are damaged', async () => {
    const rows = await rowsIn(`${A.slice(0, 90)},"a,b"\n${B}x,c\n`);
    assert.deepEqual(
      badRows(rows).map(({ line, code, tags }) => [line, code, tags]),
      [
        [1, 'INVALID_TOKEN', ['a', 'b']],
        [2, 'INVALID_TOKEN', ['c']],
      ],
    );
  });

  it('takes the columns that it is told by number', async () => {
    const text = `a;${A};${B};b\n`;
    assert.deepEqual(good(await rowsIn(text, { tokenColumn: 3 })), [[1, B, []]]);
    assert.deepEqual(good(await rowsIn(text, { tokenColumn: 2, tagsColumn: '4' })), [[1, A, ['b']]]);
    assert.deepEqual(good(await rowsIn(text, { tagsColumn: 1 })), [[1, A, ['a']]]);
    assert.deepEqual(bad(await rowsIn(text, { tokenColumn: 9 })), [[1, 'INVALID_TOKEN']]);
    await assert.rejects(rowsIn(text, { tokenColumn: 2, tagsColumn: 2 }), InvalidValue);
  });

  it('obeys the line that announces the delimiter to Excel, and counts it as no row', async () => {
    assert.deepEqual(good(await rowsIn(`sep=;\r\ntoken;tags\r\n${A};a,b\r\n`)), [[3, A, ['a', 'b']]]);
  });

  it('reads cells that are quoted, spaced and doubled', async () => {
    const text = `"${A}" , "say ""hi"", b"\n %ATTESTTOKEN: ${B} ,\t" c "\n"%ATTESTTOKEN: ""${C}""",\n`;
    assert.deepEqual(good(await rowsIn(text)), [
      [1, A, ['say "hi"', 'b']],
      [2, B, ['c']],
      [3, C, []],
    ]);
  });

  it('gives nothing for a header alone, and for an empty array', async () => {
    for (const source of ['token,tags\n', '\n\ntoken', []]) assert.deepEqual(await rowsIn(source), []);
  });

  it('makes one space of a line break in a cell with the white space around it', async () => {
    const cell = 'a \t\r\n  b, c\n\u00a0d\n,e  f,ø \u00a0 \n g';
    const rows = await rowsIn(`token,tags\n${A},"${cell}"\n`);
    assert.deepEqual(good(rows), [[2, A, ['a b', 'c d', 'e  f', 'ø \u00a0 g']]]);
  });

  it('rejects a tab within a tag, and a line break in a tag of an array', async () => {
    assert.deepEqual(bad(await rowsIn(`token,tags\n${A},"a\tb"\n`)), [[2, 'INVALID_TAG']]);
    for (const tags of ['a\nb', ['a\nb']]) assert.deepEqual(bad(await rowsIn([[A, tags]])), [[1, 'INVALID_TAG']]);
  });

  it('reads a long run of spaces before a line break in linear time', async () => {
    const startedAt = performance.now();
    assert.deepEqual(good(await rowsIn(`token,tags\n${A},"a${' '.repeat(60_000)}\nb"\n`)), [[2, A, ['a b']]]);
    assert.ok(performance.now() - startedAt < 1000);
  });

  it('rejects bad tags, and says with what', async () => {
    const long = 'x'.repeat(101);
    const rows = await rowsIn(`${A},"ok,${long}"\n${A},ok\n`);
    assert.deepEqual(rows[0], {
      ok: false,
      line: 1,
      code: 'INVALID_TAG',
      reason: (rows[0] as { reason: string }).reason,
      claimToken: A,
      deviceId: (rows[1] as { deviceId: string }).deviceId,
      tags: ['ok', long],
    });
    assert.deepEqual(good(rows), [[2, A, ['ok']]]);
  });

  it('adds tags to every row, after its own', async () => {
    const rows = await rowsIn(`${A},"b,a"\n${B}\n`, { tags: ['a', 'all'] });
    assert.deepEqual(good(rows), [
      [1, A, ['b', 'a', 'all']],
      [2, B, ['a', 'all']],
    ]);
    assert.deepEqual(bad(await rowsIn(`${A}\n`, { tags: ['a,b'] })), [[1, 'INVALID_TAG']]);
  });

  it('rejects the second row of a device, also with another token, and names the first', async () => {
    const { claimToken, deviceUuid } = mintToken();
    const again = mintToken({ deviceUuid }).claimToken;
    const rows = await rowsIn(`${claimToken},${'x'.repeat(101)}\n\n${claimToken},a\n${A}\n${again},b\n`);
    assert.deepEqual(good(rows), [
      [3, claimToken, ['a']],
      [4, A, []],
    ]);
    assert.deepEqual(badRows(rows).slice(1), [
      {
        ok: false,
        line: 5,
        code: 'DUPLICATE',
        reason: badRows(rows)[1]!.reason,
        claimToken: again,
        deviceId: deviceUuid,
        tags: ['b'],
      },
    ]);
  });
});
