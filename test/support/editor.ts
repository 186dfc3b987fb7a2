import type { Browser, Locator, Page } from 'playwright-core';
import { accessibilityViolations } from './accessibility';
import { newPage, recordReceived } from './browser';

// The editor's own objects: what is evaluated in the page uses them, Node.js knows neither.
declare const RED: any;

/** A node as the editor judges it. */
export interface Judgement {
  valid: boolean;
  errors: string[];
}

/** How long a double click may take to have its effect, in milliseconds, before it is repeated. */
const DOUBLE_CLICK_MS = 3000;

/**
 * Double-clicks until it has its effect. On a busy computer both clicks can arrive in the same millisecond, in which the
 * editor sees no double click; then a user clicks again.
 * @param click double-clicks once
 * @param effect waits for what it brings
 */
export async function doubleClick(
  click: () => Promise<void>,
  effect: (options: { timeout?: number }) => Promise<void>,
): Promise<void> {
  for (let more = 2; more > 0; more--) {
    await click();
    const came = effect({ timeout: DOUBLE_CLICK_MS }).then(
      () => true,
      () => false,
    );
    if (await came) return;
  }
  await click();
  await effect({});
}

/** The editor in a browser, driven by mouse and keyboard. */
export class Editor {
  /** Everything that the browser complained about. */
  readonly problems: string[] = [];
  /** What Node-RED told the browser: the texts of its answers and of its web socket. */
  readonly received: Promise<string>[];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.problems.push(error.stack ?? String(error)));
    page.on('console', (message) => {
      const text = message.text();
      // The editor swallows what a dialog or a validator throws, and logs it like any other line.
      if (message.type() === 'error' || /^(oneditprepare|Validation error)/.test(text)) this.problems.push(text);
    });
    this.received = recordReceived(page, (response) => /json|html/.test(response.headers()['content-type'] ?? ''));
  }

  /** Opens the editor and waits until its flows are there. */
  static async open(
    browser: Browser,
    url: string,
    { width = 1440, height = 900, deviceScaleFactor = 1 } = {},
  ): Promise<Editor> {
    const page = await newPage(browser, { viewport: { width, height }, deviceScaleFactor });
    const editor = new Editor(page);
    await page.goto(url);
    await editor.loaded();
    return editor;
  }

  /** Waits until palette and flows are there. */
  private async loaded(): Promise<void> {
    // Node-RED 5 remembers what was searched for in the palette.
    await this.page.locator('#red-ui-palette-container .red-ui-palette-node:visible').first().waitFor();
    await this.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
    // Dialogs and lists are there at once: what slides in is painted many times, and waited for.
    await this.page.addStyleTag({ content: '* { transition: none !important; animation: none !important; }' });
    await this.page.evaluate('jQuery.fx.off = true');
  }

  /** The palette's entry of a node type. */
  paletteNode(type: string): Locator {
    return this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  }

  /** A node on the canvas. */
  node(id: string): Locator {
    return this.page.locator(`#red-ui-workspace-chart g.red-ui-flow-node-group[id="${id}"]`);
  }

  /** The open dialog, the upmost one. */
  get dialog(): Locator {
    return this.page.locator('#red-ui-editor-stack .red-ui-tray').last();
  }

  /** The form with the node's own properties in the open dialog. */
  get form(): Locator {
    return this.dialog.locator('#dialog-form, #node-config-dialog-edit-form').first();
  }

  /** The field of a property in the open dialog. */
  field(property: string): Locator {
    return this.dialog.locator(`[id="node-input-${property}"], [id="node-config-input-${property}"]`);
  }

  /** Drags a node from the palette to a point of the canvas. @returns its id */
  async drag(type: string, at: { x: number; y: number }): Promise<string> {
    const source = this.paletteNode(type);
    await source.scrollIntoViewIfNeeded();
    const from = (await source.boundingBox())!;
    const canvas = (await this.page.locator('#red-ui-workspace-chart').boundingBox())!;
    const { mouse } = this.page;
    await mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await mouse.down();
    await mouse.move(canvas.x + at.x, canvas.y + at.y, { steps: 5 });
    await mouse.up();
    return this.page.evaluate((wanted) => RED.nodes.filterNodes({ type: wanted }).at(-1).id as string, type);
  }

  /** Puts nodes on the canvas, as an import does. */
  async import(nodes: Record<string, unknown>[]): Promise<void> {
    await this.page.evaluate((wanted) => {
      RED.nodes.import(wanted);
      RED.nodes.dirty(true);
      RED.view.redraw(true, true);
    }, nodes);
  }

  /** The field of the open dialog that has this label. (Node-RED 5 names an unusable one by what is wrong with it.) */
  async labelled(label: string): Promise<Locator> {
    const exactly = this.dialog.locator('label').filter({ has: this.page.getByText(label, { exact: true }) });
    return this.dialog.locator(`[id="${await exactly.first().getAttribute('for')}"]`);
  }

  /** Types into the field of the open dialog that has this label, in place of what stands there. */
  async type(label: string, text: string): Promise<void> {
    const field = await this.labelled(label);
    // A dialog that has just opened may take the focus for its first field: then a person types again.
    for (let tries = 0; tries < 5; tries++) {
      await field.click();
      await this.page.keyboard.press('Control+A');
      if (text === '') await this.page.keyboard.press('Delete');
      else await this.page.keyboard.insertText(text);
      if ((await field.evaluate((input) => (input as { value?: string }).value ?? text)) === text) break;
    }
    // The editor looks at a field when a key is let go.
    await this.page.keyboard.press('End');
    // The list of completions would lie over the next field. (Escape may close the dialog, too.)
    const completions = this.page.locator('.red-ui-autoComplete-container:visible');
    if (await completions.count())
      await this.dialog.locator('.red-ui-tray-titlebar, .red-ui-tray-header').first().click();
    await completions.waitFor({ state: 'hidden' });
  }

  /** Chooses the type of a TypedInput in the open dialog with the mouse. */
  async chooseType(property: string, type: string): Promise<void> {
    // What is wrong with the field above, shown while the mouse is there, lies over this one.
    await this.page.mouse.move(0, 0);
    await this.page.locator('.red-ui-popover:visible').waitFor({ state: 'hidden' });
    await this.field(property)
      .locator('xpath=following-sibling::div[1]')
      .locator('.red-ui-typedInput-type-select')
      .click();
    await this.page.locator(`.red-ui-typedInput-options:visible [value="${type}"]`).click();
  }

  /** Waits until a dialog is open, and has taken the focus for its first field, which it does a while after. */
  private async opened(): Promise<void> {
    await this.settle();
    await this.page.waitForFunction(() =>
      [...document.querySelectorAll('#red-ui-editor-stack .red-ui-tray')].at(-1)?.contains(document.activeElement),
    );
  }

  /** Opens the dialog of a node on the canvas. */
  async openDialog(id: string): Promise<void> {
    const tray = this.page.locator('#red-ui-editor-stack .red-ui-tray').first();
    const node = this.node(id).locator('rect.red-ui-flow-node');
    await doubleClick(
      () => node.dblclick({ delay: 20 }),
      (options) => tray.waitFor(options),
    );
    await this.opened();
  }

  /** Opens the dialog of a config node from the dialog of a node that uses it: a new one, or the chosen one. */
  async openConfig(property: string, which: 'add' | 'edit'): Promise<void> {
    await this.dialog.locator(`[id$="-btn-${property}-${which}"]`).click();
    await this.dialog.locator('#node-config-dialog-ok').waitFor();
    await this.opened();
  }

  /** Closes the open dialog with Done, Update or Add. */
  async done(): Promise<void> {
    const button = this.dialog.locator('#node-dialog-ok, #node-config-dialog-ok');
    const id = (await button.getAttribute('id'))!;
    await button.click();
    if (id === 'node-dialog-ok') await this.page.locator('.red-ui-tray').waitFor({ state: 'detached' });
    else await this.dialog.locator('#node-dialog-ok').waitFor();
    await this.settle();
  }

  /** Closes the dialog of a config node with Cancel, if one is open. */
  async closeConfig(): Promise<void> {
    const cancel = this.dialog.locator('#node-config-dialog-cancel');
    if ((await cancel.count()) === 0) return;
    await cancel.click();
    await this.dialog.locator('#node-dialog-ok').waitFor();
    await this.settle();
  }

  /** Closes all open dialogs with Cancel. */
  async closeDialogs(): Promise<void> {
    await this.closeConfig();
    await this.dialog.locator('#node-dialog-cancel').click();
    await this.page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  }

  /**
   * Chooses language and theme as the editor's settings do, and loads the editor anew: much faster than a new page, which
   * has nothing cached. Node-RED 4 has no dark theme.
   */
  async choose({ language = 'en-US', theme = 'light' }): Promise<void> {
    await this.page.evaluate(
      ([chosen, look]) => {
        localStorage.setItem('editor-language', chosen!);
        localStorage.setItem('view-dark-theme', look!);
      },
      [language, theme],
    );
    await this.reload();
  }

  /** Loads the editor anew, as it was deployed. */
  async reload(): Promise<void> {
    await this.page.evaluate('window.onbeforeunload = null');
    await this.page.reload();
    await this.loaded();
  }

  /** Takes a node off the canvas. */
  async remove(id: string): Promise<void> {
    await this.page.evaluate((wanted) => {
      RED.nodes.remove(wanted);
      RED.view.redraw(true);
    }, id);
    // Drawn later; another node of this id would be mixed up with it.
    await this.node(id).waitFor({ state: 'detached' });
  }

  /** The properties of a node, as they would be deployed. */
  properties(id: string): Promise<Record<string, unknown>> {
    return this.page.evaluate(
      (wanted) => RED.nodes.convertNode(RED.nodes.node(wanted), false) as Record<string, unknown>,
      id,
    );
  }

  /** Shows the help of the open dialog's node in the sidebar. @returns its text */
  async showHelp(): Promise<string> {
    await this.dialog.locator('.red-ui-tray-footer button:has(.fa-book)').click();
    const help = this.page.locator('.red-ui-help:visible h1.red-ui-help-title + div, .red-ui-help:visible').last();
    await help.waitFor();
    return help.innerText();
  }

  /** What an accessibility checker finds serious in the open dialog's form. */
  accessibilityViolations(): Promise<string[]> {
    // The traps are the editor's own: they keep browsers from filling in passwords.
    return accessibilityViolations(this.form, '[id^="red-ui-trap"]');
  }

  /** Waits until the dialog has slid in or out. */
  async settle(): Promise<void> {
    await this.page.waitForFunction(`[...document.querySelectorAll('.red-ui-tray')].every((tray) =>
      tray.getAnimations().length === 0) && !document.querySelector('.red-ui-tray')?.style.right.startsWith('-')`);
  }

  /** Whether the editor thinks that a node can work, and why not. */
  judge(id: string): Promise<Judgement> {
    return this.page.evaluate((wanted) => {
      const node = RED.nodes.node(wanted);
      return { valid: node.valid as boolean, errors: [...(node.validationErrors ?? [])] as string[] };
    }, id);
  }

  /** Deploys, and waits until Node-RED has taken it. */
  async deploy(): Promise<void> {
    const answered = this.page.waitForResponse(
      (response) => response.request().method() === 'POST' && new URL(response.url()).pathname.endsWith('/flows'),
    );
    await this.page.locator('#red-ui-header-button-deploy').click();
    const response = await answered;
    if (!response.ok()) throw new Error(`the deploy was answered with ${response.status()}`);
  }
}
