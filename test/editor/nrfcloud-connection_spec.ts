import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../simulator';
import { KEY, KEYLESS, KNOWN, useEditor } from '../support/shared-editor';

describe('the dialog of nrfcloud-connection', function () {
  this.timeout(30_000);
  const stage = useEditor();
  let claim: string;
  before(async () => {
    claim = await stage.editor.drag('nrfcloud-claim', { x: 300, y: 320 });
    await stage.editor.openDialog(claim);
  });
  afterEach(async () => {
    await stage.editor.closeConfig();
    stage.simulator.set({ api: 'both' });
  });
  after(async () => {
    await stage.editor.closeDialogs();
    await stage.editor.remove(claim);
  });

  /** Fills fields of the open dialog, by their labels. */
  const fill = async (fields: Record<string, string>): Promise<void> => {
    for (const [label, text] of Object.entries(fields)) await stage.editor.type(label, text);
  };

  /** Opens "Limits and network" of the open dialog, if it is closed. */
  const openLimits = async (): Promise<void> => {
    const toggle = stage.editor.dialog.getByRole('button', { name: 'Limits and network' });
    if ((await toggle.getAttribute('aria-expanded')) === 'false') await toggle.click();
  };

  /** Closes the dialog of the connection, and tells what the editor thinks of it. */
  const judgeDone = async (): Promise<string[]> => {
    const { editor } = stage;
    await editor.done();
    const { errors } = await editor.judge(await editor.field('connection').inputValue());
    return errors;
  };

  it('says in a sentence what is wrong with the base URL', async () => {
    const { editor } = stage;
    await editor.openConfig('connection', 'add');
    const wrong = {
      'api.provisioning.nrfcloud.com': /must begin with https:\/\//,
      'http://192.168.1.5/v1': /Plain http: would send the API key readable/,
      'https://me:secret@example.com/v1': /no user name, query or fragment/,
      '': /Base URL: property value missing/,
    };
    for (const [url, sentence] of Object.entries(wrong)) {
      await fill({ 'Base URL': url });
      assert.match((await editor.field('baseUrl').getAttribute('class'))!, /input-error/);
      assert.match((await judgeDone()).join(), sentence);
      await editor.openConfig('connection', 'edit');
    }
    await fill({ 'Base URL': 'http://localhost:8080/v1/' });
    assert.deepEqual(await judgeDone(), []);
  });

  it('says in a sentence which number is out of bounds, and the nodes that use it cannot work either', async () => {
    const { editor } = stage;
    await editor.openConfig('connection', 'add');
    await openLimits();
    await fill({
      'Max. concurrent requests': '0',
      'Rate limit': '-1',
      'Queue limit': '1.5',
      Timeout: '0',
      Retries: '',
      'Outage wait': '-1',
      'Device API URL': 'http://example.com',
    });
    assert.deepEqual(await judgeDone(), [
      'Plain http: would send the API key readable; use https:, except on this computer',
      'Max. concurrent requests must be a whole number between 1 and 10000',
      'The rate limit must be a number between 0 and 1000000',
      'The queue limit must be a whole number of at least 0',
      'The timeout must be a number of seconds between 0.001 and 2147483',
      'Retries must be a whole number between 0 and 1000',
      'The outage wait must be a number of seconds between 0 and 2147483',
    ]);
    await editor.done();
    assert.deepEqual(await editor.judge(claim), {
      valid: false,
      errors: ['Connection: invalid configuration node'],
    });
    await editor.openDialog(claim);
  });

  it('shows the sentence beside the field', async () => {
    const { editor } = stage;
    await editor.openConfig('connection', 'add');
    await openLimits();
    await fill({ Retries: '-1' });
    await editor.dialog.getByLabel('Name').hover();
    await editor.field('retries').hover();
    await editor.page.locator('.red-ui-popover:visible').getByText('Retries must be a whole number').waitFor();
  });

  it('says at once that the deployed key is a variable that is not set, until another is typed', async () => {
    const { editor } = stage;
    const problem = editor.dialog.getByRole('alert');
    await editor.field('connection').selectOption(KEYLESS);
    await editor.openConfig('connection', 'edit');
    await problem.getByText('API key: the environment variable KEY_OF_NOBODY is not set. Set it where').waitFor();
    await fill({ 'API key': KEY });
    await problem.getByText('KEY_OF_NOBODY').waitFor({ state: 'detached' });
    await fill({ 'API key': '${PATH}', 'Base URL': '${URL_OF_NOBODY}' });
    await problem.getByText('Base URL: the environment variable URL_OF_NOBODY is not set.').waitFor();
    assert.equal(await problem.locator('.form-tips').count(), 1);
    await editor.closeConfig();
    await editor.field('connection').selectOption(KNOWN);
    await editor.openConfig('connection', 'edit');
    assert.equal(await problem.textContent(), '');
  });

  it('keeps an environment variable in any field', async () => {
    const { editor } = stage;
    await editor.openConfig('connection', 'add');
    await openLimits();
    await fill({ Retries: '${HOME}', 'Rate limit': '${HOME}' });
    assert.deepEqual(await judgeDone(), []);
    const { retries, rate } = await editor.properties(await editor.field('connection').inputValue());
    assert.deepEqual([retries, rate], ['${HOME}', '${HOME}']);
  });

  it('takes a URL with an environment variable in it', async () => {
    const { editor } = stage;
    await editor.openConfig('connection', 'add');
    await openLimits();
    await fill({ 'Base URL': 'http://localhost:${HOME}/v1', 'Device API URL': '${HOME}/v1' });
    assert.deepEqual(await judgeDone(), []);
  });

  it('keeps "Limits and network" closed until it is opened, and remembers it', async () => {
    const { editor } = stage;
    await editor.page.evaluate(() => localStorage.removeItem('nrfcloud-connection-limits'));
    await editor.field('connection').selectOption(KNOWN);
    await editor.openConfig('connection', 'edit');
    assert.equal(await editor.field('retries').isVisible(), false);
    assert.equal(await editor.field('apiKey').isVisible(), true);
    const toggle = editor.dialog.getByRole('button', { name: 'Limits and network' });
    await toggle.click();
    assert.equal(await editor.field('retries').isVisible(), true);
    await editor.closeConfig();
    await editor.openConfig('connection', 'edit');
    assert.equal(await editor.field('retries').isVisible(), true);
    await toggle.click();
    await editor.closeConfig();
    await editor.openConfig('connection', 'edit');
    assert.equal(await editor.field('retries').isVisible(), false);
  });

  it('opens "Limits and network" by itself when a setting in it is invalid', async () => {
    const { editor } = stage;
    await editor.openConfig('connection', 'add');
    await openLimits();
    await fill({ Retries: '-1' });
    await editor.dialog.getByRole('button', { name: 'Limits and network' }).click();
    await editor.done();
    await editor.openConfig('connection', 'edit');
    assert.equal(await editor.field('retries').isVisible(), true);
  });

  it('warns while an organization auth token is typed', async () => {
    const { editor } = stage;
    await editor.openConfig('connection', 'add');
    const warning = editor.dialog.locator('#nrfcloud-connection-oat .form-tips');
    await fill({ 'API key': 'oat_1234' });
    await warning.waitFor();
    await fill({ 'API key': KEY });
    await warning.waitFor({ state: 'detached' });
  });

  describe('tests the connection without saving it:', () => {
    /** Presses the button and gives the answer, after the one that says that it is on its way. */
    const test = async (): Promise<string> => {
      const { editor } = stage;
      await editor.dialog.getByRole('button', { name: 'Test connection' }).click();
      const result = editor.dialog.locator('#nrfcloud-connection-test-text:has(.fa-check, .fa-times)');
      await result.waitFor();
      const mark = (await result.locator('.fa-check').count()) > 0 ? '✓' : '✗';
      return `${mark} ${(await result.innerText()).replace(/\s+/g, ' ').trim()}`;
    };

    it('success, with the API versions that answer', async () => {
      const { editor, simulator } = stage;
      await editor.openConfig('connection', 'add');
      await fill({ 'API key': KEY, 'Base URL': simulator.url });
      assert.equal(
        await test(),
        '✓ The service is reachable and accepts the API key. API version that answers: guide, current.',
      );
    });

    it('success, although the device API refuses the key, which the result says', async () => {
      const { editor, simulator } = stage;
      simulator.faults.add({ status: 403, match: { operation: 'account' } });
      await editor.openConfig('connection', 'add');
      await openLimits();
      await fill({ 'API key': KEY, 'Base URL': simulator.url, 'Device API URL': simulator.deviceApiUrl });
      assert.match(await test(), /^✓ The service .* guide, current\. get account: .*403/);
    });

    it('keeping the focus, so that the keyboard goes on from there', async () => {
      const { editor, simulator } = stage;
      await editor.openConfig('connection', 'add');
      await fill({ 'API key': KEY, 'Base URL': simulator.url });
      await test();
      assert.equal(await editor.page.evaluate('document.activeElement.id'), 'nrfcloud-connection-test');
    });

    it('another API version, which a click chooses', async () => {
      const { editor, simulator } = stage;
      simulator.set({ api: 'current' });
      await editor.openConfig('connection', 'add');
      await fill({ 'API key': KEY, 'Base URL': simulator.url });
      assert.match(await test(), /^✓ .* API version that answers: current\. Use API version current$/);
      await editor.dialog.getByRole('button', { name: 'Use API version current' }).click();
      assert.equal(await editor.field('api').inputValue(), 'current');
      assert.match(await test(), /^✓ .* API version that answers: current\.$/);
    });

    it('a wrong key, no key, a key that is not set', async () => {
      const { editor, simulator } = stage;
      await editor.openConfig('connection', 'add');
      await fill({ 'API key': 'wrong', 'Base URL': simulator.url });
      assert.match(await test(), /^✗ The service is reachable, but does not accept the API key\. Enter the team's key/);
      await fill({ 'API key': '' });
      assert.match(await test(), /^✗ The test failed: .*no API key/);
      await fill({ 'API key': '${NOT_SET_ANYWHERE}' });
      assert.match(await test(), /^✗ The test failed: .*NOT_SET_ANYWHERE.* is not set/);
    });

    it('a service that is not there, or is another one', async () => {
      const { editor, simulator } = stage;
      await editor.openConfig('connection', 'add');
      await fill({ 'API key': KEY, 'Base URL': 'http://127.0.0.1:9/v1' });
      assert.match(await test(), /^✗ The test failed: .*ECONNREFUSED 127\.0\.0\.1:9/);
      await fill({ 'Base URL': stage.runtime.url });
      assert.match(await test(), /^✗ The service is reachable, but the test failed: /);
      simulator.requests.length = 0;
    });

    describe('the stored key', () => {
      let elsewhere: Simulator;
      before(async () => {
        elsewhere = await startSimulator({ apiKey: KEY });
      });
      after(() => elsewhere.close());

      it('is used for the host that it was deployed for, and sent to no other', async () => {
        const { editor, simulator } = stage;
        await editor.field('connection').selectOption(KNOWN);
        await editor.openConfig('connection', 'edit');
        assert.equal(await editor.field('apiKey').inputValue(), '__PWRD__');
        const before = simulator.requestCount;
        assert.match(await test(), /^✓ /);
        assert.ok(simulator.requestCount > before);
        await fill({ 'Base URL': elsewhere.url });
        assert.match(await test(), /^✗ The test failed: .*belongs to another host; type the key again/);
        assert.equal(elsewhere.requestCount, 0);
        const received = (await Promise.all(editor.received)).join('\n');
        assert.equal(received.includes(KEY), false);
      });
    });
  });
});
