import assert from 'node:assert/strict';
import { readRows, type Row } from '../../../../nodes/parse/rows/index';
import { startSimulator } from '../../../../simulator/index';

describe('a CSV that is longer than what its layout is found out from', () => {
  for (const header of ['claim token,tags', 'imei,uuid,token,time', 'token;tags']) {
    it(`has its header, ${header}, and all its rows`, async () => {
      const simulator = await startSimulator();
      const tokens = simulator.mintMany(2000, { signed: false });
      await simulator.close();
      const row = {
        'claim token,tags': (token: string) => `${token},a`,
        'imei,uuid,token,time': (token: string) => `352656106118683,x,${token},2026-03-14T12:34:56.789012+00:00`,
        'token;tags': (token: string) => `${token};a`,
      }[header]!;
      const csv = [header, ...tokens.map(({ claimToken }) => row(claimToken))].join('\r\n');
      const rows: Row[] = [];
      const options = { tokenColumn: 0, tagsColumn: 0, tags: [] };
      const source = { kind: 'value', value: Buffer.from(csv) } as const;
      for await (const batch of readRows(source, options, new AbortController().signal)) rows.push(...batch);
      assert.deepEqual(
        rows.filter(({ ok }) => !ok),
        [],
      );
      assert.deepEqual(
        rows.map(({ line }) => line),
        tokens.map((_, index) => index + 2),
      );
    });
  }
});
