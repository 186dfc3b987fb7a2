import assert from 'node:assert/strict';
import packageJson from '../../package.json';
import { KNOWN, useEditor } from '../support/shared-editor';

// The editor's own objects, in the page.
declare const RED: any;

const TYPES = Object.keys(packageJson['node-red'].nodes);
const at = { z: 'tab', x: 300, y: 300, wires: [[]], connection: KNOWN, output: 'payload' };

/** A certificate's text with this many characters. */
function certificate(length: number): string {
  const [begin, end] = ['-----BEGIN CERTIFICATE-----\n', '\n-----END CERTIFICATE-----'];
  return `${begin}${'A'.repeat(length - begin.length - end.length)}${end}`;
}

describe('what dialogs share', function () {
  this.timeout(30_000);
  const stage = useEditor();

  /** Puts a node on the canvas, opens its dialog, and takes it off when the test is over. */
  const withDialog = async (node: Record<string, unknown>, test: () => Promise<void>): Promise<void> => {
    const { editor } = stage;
    await editor.import([{ id: 'node', ...at, ...node }]);
    await editor.openDialog('node');
    await test();
    await editor.remove('node');
  };

  it('is served, and the editor asks for it by a relative address', async () => {
    const response = await stage.editor.page.request.get(
      `${stage.runtime.adminUrl}/resources/${packageJson.name}/editor.js`,
    );
    assert.equal(response.status(), 200);
    assert.match(response.headers()['content-type']!, /javascript/);
    assert.ok(packageJson.files.includes('resources'));
  });

  describe('the only connection', () => {
    after(() => stage.editor.reload());

    it('is chosen in a node from the palette, and not where there are two', async () => {
      const { editor } = stage;
      const first = await editor.drag('nrfcloud-claim', { x: 300, y: 200 });
      assert.equal((await editor.properties(first))['connection'], '');
      await editor.remove(first);
      await editor.page.evaluate((known) => {
        const others: string[] = [];
        RED.nodes.eachConfig((config: any) => {
          if (config.type === 'nrfcloud-connection' && config.id !== known) others.push(config.id as string);
        });
        for (const id of others) RED.nodes.remove(id);
      }, KNOWN);
      const second = await editor.drag('nrfcloud-claim', { x: 300, y: 200 });
      assert.equal((await editor.properties(second))['connection'], KNOWN);
      assert.deepEqual(await editor.judge(second), { valid: true, errors: [] });
      const users = await editor.page.evaluate(
        (known) => RED.nodes.node(known).users.map(({ id }: any) => id as string) as string[],
        KNOWN,
      );
      assert.ok(users.includes(second));
      await editor.remove(second);
    });

    it('is chosen in the dialog of a node without one', async () => {
      const { editor } = stage;
      await editor.import([{ id: 'node', ...at, type: 'nrfcloud-tags', connection: '' }]);
      await editor.openDialog('node');
      assert.equal(await editor.field('connection').inputValue(), KNOWN);
      await editor.done();
      assert.equal((await editor.properties('node'))['connection'], KNOWN);
      await editor.remove('node');
    });
  });

  it('offers the journal first for pending work, and warns of a context store that is lost at a restart', async () => {
    const { editor } = stage;
    await withDialog({ type: 'nrfcloud-bulk-claim' }, async () => {
      const store = editor.field('store');
      const notes = editor.dialog.locator('#nrfcloud-store-notes .form-tips');
      assert.equal(await store.inputValue(), '');
      assert.match(await store.locator('option').first().innerText(), /journal/);
      await store.locator('option[value="default"]').waitFor({ state: 'attached' });
      assert.equal(await notes.count(), 0);
      await store.selectOption('default');
      await notes.waitFor();
      await editor.field('resume').uncheck();
      assert.equal(await store.isVisible(), false);
      assert.equal(await notes.count(), 0);
      await editor.field('resume').check();
      await editor.done();
      const { store: kept, resume } = await editor.properties('node');
      assert.deepEqual([kept, resume], ['default', true]);
    });
  });

  it('keeps a store that the runtime does not know', async () => {
    const { editor } = stage;
    await withDialog({ type: 'nrfcloud-bulk-status', store: 'gone' }, async () => {
      assert.equal(await editor.field('store').inputValue(), 'gone');
      await editor.done();
      assert.equal((await editor.properties('node'))['store'], 'gone');
    });
  });

  it('takes a number, a header name or nothing for a column', async () => {
    const { editor } = stage;
    for (const [text, isValid] of [
      ['3', true],
      ['0', true],
      ['Claim token', true],
      ['', true],
      ['-1', false],
      ['1.5', false],
    ] as const) {
      await withDialog({ type: 'nrfcloud-bulk-claim' }, async () => {
        await editor.type('Token column', text);
        await editor.done();
        assert.equal((await editor.judge('node')).valid, isValid, text);
      });
    }
  });

  // The type is tested as soon as the package has it.
  const ofType = (type: string, define: () => void): void => {
    if (TYPES.includes(type)) define();
  };

  ofType('nrfcloud-command', () => {
    describe('nrfcloud-command', () => {
      const FIELDS = ['secTag', 'content', 'attributes', 'keyUsage', 'requestInput', 'description'];
      const USED: Record<string, string[]> = {
        cloudAccessKeyGeneration: ['secTag', 'description'],
        clientPrivateKeyGeneration: ['secTag', 'description'],
        certificateSigningRequest: ['secTag', 'attributes', 'keyUsage', 'description'],
        serverCertificate: ['secTag', 'content', 'description'],
        clientCertificate: ['secTag', 'content', 'description'],
        finished: ['description'],
        request: ['requestInput', 'description'],
        msg: [],
      };

      it('shows the fields of the chosen command, and no others', async () => {
        const { editor } = stage;
        await withDialog({ type: 'nrfcloud-command' }, async () => {
          for (const [command, used] of Object.entries(USED)) {
            await editor.field('command').selectOption(command);
            const visible: string[] = [];
            for (const name of FIELDS) {
              if (await editor.dialog.locator(`.nrfcloud-command-${name}`).isVisible()) visible.push(name);
            }
            assert.deepEqual(visible, used, command);
          }
          await editor.closeDialogs();
        });
      });

      it('has a text area for certificates, which keeps line ends and is checked while typing', async () => {
        const { editor } = stage;
        const pem = certificate(1200);
        await withDialog({ type: 'nrfcloud-command', command: 'serverCertificate' }, async () => {
          const area = editor.dialog.locator('#nrfcloud-content-text');
          const notes = editor.dialog.locator('#nrfcloud-content-notes .form-tips');
          await area.click();
          await editor.page.keyboard.insertText('nonsense');
          await notes.waitFor();
          assert.match((await editor.field('content').getAttribute('class'))!, /input-error/);
          await area.fill(pem);
          await notes.waitFor({ state: 'detached' });
          assert.doesNotMatch((await editor.field('content').getAttribute('class'))!, /input-error/);
          await editor.done();
          assert.deepEqual(await editor.judge('node'), { valid: true, errors: [] });
          const { content, contentType } = await editor.properties('node');
          assert.deepEqual([content, contentType], [pem, 'str']);

          await editor.openDialog('node');
          assert.equal(await area.inputValue(), pem);
          await editor.chooseType('content', 'msg');
          assert.equal(await area.isVisible(), false);
          await editor.type('Certificates', 'certificate');
          await editor.done();
          const changed = await editor.properties('node');
          assert.deepEqual([changed['content'], changed['contentType']], ['certificate', 'msg']);
        });
      });

      it('says before anything is created that certificates are longer than usual firmware can store', async () => {
        const { editor } = stage;
        await withDialog({ type: 'nrfcloud-command', command: 'serverCertificate' }, async () => {
          const area = editor.dialog.locator('#nrfcloud-content-text');
          const notes = editor.dialog.locator('#nrfcloud-content-notes .form-tips');
          await area.fill(certificate(1791));
          assert.equal(await notes.count(), 0);
          await area.fill(certificate(1792));
          await notes.getByText('1792 characters').waitFor();
          await area.fill(certificate(2048));
          await notes.getByText('usual firmware cannot').waitFor();
          await area.fill('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----');
          await notes.getByText('private key').waitFor();
          await editor.closeDialogs();
        });
      });

      it('judges security tag, key usage and attributes only where the command uses them', async () => {
        const { editor } = stage;
        const wrong = { secTag: '4294967296', keyUsage: '10101', attributes: '' };
        const judge = async (command: string, values: Record<string, string>): Promise<number> => {
          let errors = 0;
          await withDialog({ type: 'nrfcloud-command', command, ...values }, async () => {
            await editor.done();
            errors = (await editor.judge('node')).errors.length;
          });
          return errors;
        };
        assert.equal(await judge('certificateSigningRequest', wrong), 3);
        assert.equal(await judge('cloudAccessKeyGeneration', wrong), 1);
        assert.equal(await judge('finished', wrong), 0);
        const right = { secTag: '4294967295', keyUsage: '101010000', attributes: 'CN=1' };
        assert.equal(await judge('certificateSigningRequest', right), 0);
      });
    });
  });

  ofType('nrfcloud-rules', () =>
    it('nrfcloud-rules asks for certificates only where they are needed, and names the firmware buffer', async () => {
      const { editor } = stage;
      await withDialog({ type: 'nrfcloud-rules', operation: 'list' }, async () => {
        const buffer = editor.dialog.locator('#nrfcloud-rules-buffer .form-tips');
        assert.equal(await editor.field('certificates').isVisible(), false);
        await editor.field('operation').selectOption('ensure');
        await buffer.getByText('1792 characters').waitFor();
        await editor.field('certificates').selectOption('aws');
        assert.equal(await buffer.count(), 0);
        const area = editor.dialog.locator('#nrfcloud-content-text');
        assert.equal(await area.isVisible(), false);
        await editor.field('certificates').selectOption('own');
        await area.fill(certificate(500));
        await editor.done();
        assert.deepEqual(await editor.judge('node'), { valid: true, errors: [] });
        assert.equal((await editor.properties('node'))['content'], certificate(500));
      });
    }),
  );
});
