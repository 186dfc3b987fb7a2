import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { listen } from '../../harness/ports';
import type { ListFigures } from '../support/list-process';

const DEVICES = 100_000;
const PAGE = 1000;

/** The guide's device, with another id. */
const device = (number: number): Record<string, unknown> => ({
  id: `7b21b4bc-1cc9-41df-b05c-${String(number).padStart(12, '0')}`,
  deviceType: 'nrf9160_SICA',
  firmwareId: '6100e43d-e06f-4017-9a5c-11550b8cc347',
  imei: '352656106118683',
  ownerId: 'a5592ec1-18ae-4d9d-bc44-1d9bd927bbe9',
  ownershipStatus: 'IDENTIFIED',
  tags: ['location=Trondheim'],
  status: 'READY',
  claimedAt: '2023-06-13T14:17:14.352Z',
});

describe('nrfcloud-devices, with 100,000 devices', () => {
  let server: Server;
  let baseUrl = '';
  before(async () => {
    // As fast as a service can be: its pages are made beforehand, and it lives in another process than the node.
    const pages = Array.from({ length: DEVICES / PAGE }, (_, page) => {
      const items = Array.from({ length: PAGE }, (_, index) => device(page * PAGE + index));
      const next = page + 1 < DEVICES / PAGE ? { pageNextToken: String(page + 1) } : {};
      return JSON.stringify({ items, ...next });
    });
    server = createServer((request, response) => {
      const page = new URL(request.url!, 'http://service').searchParams.get('pageNextToken') ?? '0';
      response.setHeader('content-type', 'application/json').end(pages[Number(page)]);
    });
    baseUrl = `http://127.0.0.1:${await listen(server, 0)}/v1`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const [mode, messages] of [
    ['each', DEVICES],
    ['page', DEVICES / PAGE],
  ] as const) {
    it(`holds one page in memory and leaves the event loop free (${mode})`, async function () {
      this.timeout(120_000);
      const child = fork(join(__dirname, '../support/list-process.ts'), [baseUrl, mode], {
        // The nursery of new objects grows with the version of V8 until its garbage is most of what is measured.
        execArgv: ['--expose-gc', '--max-semi-space-size=16', '--require', 'tsx/cjs'],
      });
      let figures: ListFigures | undefined;
      child.on('message', (message) => (figures = message as ListFigures));
      await once(child, 'exit');
      assert.ok(figures, 'the listing ended without figures');
      // For a person who measures; time is not asserted, as other processes have a share in it.
      if (process.env['SHOW_FIGURES'] !== undefined) console.log(mode, figures);
      assert.equal(figures.devices, DEVICES);
      assert.equal(figures.messages, messages);
      assert.ok(figures.atOnce <= 128, `${figures.atOnce} messages in one turn of the event loop`);
      assert.ok(figures.memory <= 64, `${figures.memory} MiB above idle`);
    });
  }
});
