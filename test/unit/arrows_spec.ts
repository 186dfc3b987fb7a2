import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ESLint } from 'eslint';

/** One for all tests, as it reads the whole project first. */
const eslint = new ESLint();

/** Restricted imports that lint finds in a file when this line stands on top of it. */
async function complaints(file: string, line: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${line}\n${readFileSync(file, 'utf8')}`, { filePath: file });
  return result!.messages
    .filter(({ ruleId }) => ruleId?.endsWith('no-restricted-imports'))
    .map(({ message }) => message);
}

describe('the arrows of the house', function () {
  this.timeout(60_000);

  const forbidden: [string, string][] = [
    ['nodes/service/retry.ts', "import type { NodeAPI } from 'node-red';"],
    ['nodes/service/retry.ts', "import '../runtime/status';"],
    ['nodes/service/retry.ts', "import '../provisioning/tags';"],
    ['nodes/provisioning/tags.ts', "import type { Node } from 'node-red';"],
    ['nodes/provisioning/tags.ts', "import '@node-red/util';"],
    ['nodes/provisioning/tags.ts', "import '../runtime/status';"],
    ['nodes/provisioning/rows/row.ts', "import '../../runtime/status';"],
    ['nodes/runtime/status.ts', "import '../provisioning/tags';"],
    ['nodes/runtime/status.ts', "import '../../simulator';"],
    ['nodes/nrfcloud-claim.ts', "import '../simulator';"],
  ];
  for (const [file, line] of forbidden) {
    it(`lint refuses ${line} in ${file}`, async () => {
      assert.equal((await complaints(file, line)).length, 1);
    });
  }

  it('lint has nothing against the allowed ones', async () => {
    assert.deepEqual(await complaints('nodes/runtime/status.ts', "import '../service/retry';"), []);
    assert.deepEqual(await complaints('nodes/provisioning/tags.ts', "import '../service/retry';"), []);
  });
});
