import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ESLint } from 'eslint';

/** Only the rule that is tested: those that need types would read the whole project first. */
const eslint = new ESLint({
  ruleFilter: ({ ruleId }) => ruleId.endsWith('no-restricted-imports'),
  overrideConfig: { languageOptions: { parserOptions: { projectService: false, project: null } } },
});

/** The restricted imports that lint finds in a file when this line precedes its text. */
async function restrictedImports(file: string, line: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${line}\n${readFileSync(file, 'utf8')}`, { filePath: file });
  return result!.messages
    .filter(({ ruleId }) => ruleId?.endsWith('no-restricted-imports'))
    .map(({ message }) => message);
}

describe('layers: lint enforces one-way imports', function () {
  this.timeout(60_000);

  const forbidden: [string, string][] = [
    ['nodes/http/retry.ts', "import type { NodeAPI } from 'node-red';"],
    ['nodes/http/retry.ts', "import '../runtime/status';"],
    ['nodes/http/retry.ts', "import '../operations/tags';"],
    ['nodes/operations/tags.ts', "import type { Node } from 'node-red';"],
    ['nodes/operations/tags.ts', "import '@node-red/util';"],
    ['nodes/operations/tags.ts', "import '../runtime/status';"],
    ['nodes/parse/rows/row.ts', "import '../../runtime/status';"],
    ['nodes/runtime/status.ts', "import '../operations/tags';"],
    ['nodes/runtime/status.ts', "import '../work/bulk-claims';"],
    ['nodes/operations/tags.ts', "import '../work/bulk-claims';"],
    ['nodes/work/bulk-claims.ts', "import '../http/retry';"],
    ['nodes/parse/tags.ts', "import '../api/endpoints';"],
    ['nodes/api/devices.ts', "import '../parse/tags';"],
    ['nodes/http/retry.ts', "import '../api/endpoints';"],
    ['nodes/util/queue.ts', "import '../http/retry';"],
    ['nodes/report/calls.ts', "import '../runtime/status';"],
    ['nodes/api/devices.ts', "import '../report/calls';"],
    ['nodes/operations/tags.ts', "import '../http/retry';"],
    ['nodes/runtime/status.ts', "import '../../simulator';"],
    ['nodes/work/bulk-claims.ts', "import '../definitions/claim';"],
    ['nodes/definitions/claim.ts', "import '../http/retry';"],
    ['nodes/definitions/claim.ts', "import type { NodeAPI } from 'node-red';"],
    ['nodes/nrfcloud-claim.ts', "import '../simulator';"],
    ['nodes/nrfcloud-claim.ts', "import '../harness/ports';"],
    ['nodes/nrfcloud-claim.ts', "import '../stress/fuzz/property';"],
  ];
  for (const [file, line] of forbidden) {
    it(`layers: lint refuses ${line} in ${file}`, async () => {
      assert.equal((await restrictedImports(file, line)).length, 1);
    });
  }

  it('layers: lint allows imports of the layers below', async () => {
    assert.deepEqual(await restrictedImports('nodes/work/bulk-claims.ts', "import '../runtime/status';"), []);
    assert.deepEqual(await restrictedImports('nodes/runtime/status.ts', "import '../api/endpoints';"), []);
    assert.deepEqual(await restrictedImports('nodes/operations/tags.ts', "import '../api/endpoints';"), []);
  });
});
