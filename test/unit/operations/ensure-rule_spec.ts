import assert from 'node:assert/strict';
import { ensureRule } from '../../../nodes/operations/ensure-rule';
import { ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';

const RULE = { tag: 't', name: 'Onboarding', secTag: 1, certificates: 'PEM' };

describe('ensureRule', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  for (const list of [[403, { message: 'no' }], [404], [200, '<html>'], [409], [500]] as ScriptedResponse[]) {
    it(`ensureRule: a created rule is a success although the list then is ${JSON.stringify(list)}`, async () => {
      service.respondWith([200, []], [200, [{ id: '1', tag: 't' }]], [201], list);
      assert.deepEqual(await ensureRule(service.api({ retries: 0 }), RULE, () => undefined), {
        statusCode: 201,
        body: { name: 'Onboarding', tags: ['t'] },
        existed: false,
        warnings: [],
      });
      assert.deepEqual(service.lines, [
        'GET /provisioning-rules',
        'GET /claimed-devices/tags',
        'POST /provisioning-rules',
        'GET /provisioning-rules',
      ]);
    });
  }
});
