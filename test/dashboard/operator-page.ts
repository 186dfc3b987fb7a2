import { readFileSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { accessibilityViolations } from '../support/accessibility';
import { newPage, recordReceived } from '../support/browser';

/** The screens that the page is for. */
export const SCREENS = {
  desk: { viewport: { width: 1440, height: 900 } },
  tablet: { viewport: { width: 1024, height: 768 }, hasTouch: true },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
} as const satisfies Record<string, BrowserContextOptions>;

export type Screen = keyof typeof SCREENS;
export const ALL_SCREENS = Object.keys(SCREENS) as Screen[];

/** The operator's page in a browser, driven by mouse, fingers and keyboard. */
export class OperatorPage {
  /** Everything that the browser complained about. */
  readonly problems: string[] = [];
  /** What Node-RED told the page, by its web socket or, before that is there, by polling. */
  readonly #received: Promise<string>[];

  private constructor(
    readonly page: Page,
    private readonly touch: boolean,
  ) {
    page.on('pageerror', (error) => this.problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(`${message.text()} ${message.location().url}`);
    });
    this.#received = recordReceived(page, (response) => response.url().includes('/socket.io/'));
  }

  /**
   * Opens the page, and waits until its panels are there.
   * @param prepare runs in the browser before the page's own code
   */
  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions,
    prepare?: () => void,
  ): Promise<OperatorPage> {
    const page = await newPage(browser, options, prepare);
    const operator = new OperatorPage(page, options.hasTouch === true);
    await page.goto(url);
    await page.getByRole('button', { name: 'Claim', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Find', exact: true }).waitFor();
    return operator;
  }

  /** What Node-RED has told the page so far. */
  told(): Promise<string[]> {
    return Promise.all(this.#received);
  }

  /** The field that takes the scans. */
  get token(): Locator {
    return this.page.getByLabel('Claim token', { exact: true });
  }

  /** The answer in a panel: to a scan, about a device, or about a file. */
  banner(of: 'scan' | 'device' | 'file'): Locator {
    return this.page.locator(`.op-banner[data-of="${of}"]`);
  }

  /** Presses what is on the page, with the mouse or a finger. */
  async press(target: Locator): Promise<void> {
    if (this.touch) await target.tap();
    else await target.click();
  }

  /** Types into a field as a scanner does: all at once, and Enter. */
  async scan(text: string): Promise<void> {
    await this.press(this.token);
    await this.page.keyboard.insertText(text);
    await this.page.keyboard.press('Enter');
  }

  /** Resolves when the answer in a panel has this title. @returns all that it says */
  async answer(of: 'scan' | 'device', title: string): Promise<string> {
    await this.banner(of).locator('.op-title').getByText(title, { exact: true }).waitFor();
    return this.banner(of).innerText();
  }

  /** Chooses a file by the field. */
  async choose(name: string, content: string | Buffer): Promise<void> {
    const file = { name, mimeType: 'text/csv', buffer: Buffer.from(content) };
    await this.page.locator('input[type=file]').setInputFiles(file);
  }

  /** Drops a file. */
  async drop(name: string, text: string): Promise<void> {
    const transfer = await this.page.evaluateHandle(
      ([fileName, content]) => {
        const data = new DataTransfer();
        data.items.add(new File([content!], fileName!, { type: 'text/csv' }));
        return data;
      },
      [name, text],
    );
    await this.page.locator('.op-drop').dispatchEvent('drop', { dataTransfer: transfer });
  }

  /** Resolves when the file panel says this of the file. */
  async fileIs(words: string): Promise<void> {
    await this.page.locator('.op-file').getByText(words).waitFor();
  }

  /** Chooses a file, and resolves when it is checked and compared with the account's devices. */
  async check(name: string, content: string | Buffer): Promise<void> {
    await this.choose(name, content);
    await this.checked(name);
  }

  /** Resolves when a file is checked and compared with the account's devices. */
  async checked(name: string): Promise<void> {
    await this.page.locator('.op-file').getByText(name, { exact: true }).waitFor();
    await this.fileIs('Checked');
    await this.page.getByText('Compared with').waitFor();
  }

  /** Presses the button that claims the file's devices. */
  async claimFile(): Promise<void> {
    await this.press(this.page.getByRole('button', { name: /^Claim [\d,]+ device/ }));
  }

  /** One tile of the file's preview or report. */
  tile(name: string): Locator {
    return this.page.locator(`[data-count="${name}"]`);
  }

  /** The tiles above zero. */
  async account(): Promise<Record<string, number>> {
    const tiles = await this.page.locator('.op-tiles [data-count]').all();
    const counts = await Promise.all(
      tiles.map(async (tile) => [await tile.getAttribute('data-count'), await tile.innerText()] as const),
    );
    return Object.fromEntries(
      counts.map(([name, text]) => [name!, Number(text.replaceAll(',', ''))] as const).filter(([, count]) => count > 0),
    );
  }

  /** The reasons with their counts. */
  async reasons(): Promise<string[]> {
    const texts = await this.page.locator('.op-reasons button').allInnerTexts();
    return texts.map((text) => text.replace(/\s+/g, ' ').trim());
  }

  /** The table of failures, by row: its cells. */
  async failures(): Promise<string[][]> {
    const rows = await this.page.locator('.op-failures tbody tr').all();
    return Promise.all(rows.map((row) => row.locator('td').allInnerTexts()));
  }

  /** Saves the failed rows. @returns the CSV */
  async saveFailedRows(): Promise<string> {
    const download = this.page.waitForEvent('download');
    await this.press(this.page.getByRole('button', { name: 'Save failed rows' }));
    return readFileSync(await (await download).path(), 'utf8');
  }

  /** Sets the device to light or dark, and waits until the colours have changed: they fade. */
  async setColours(colorScheme: 'light' | 'dark'): Promise<void> {
    await this.page.emulateMedia({ colorScheme });
    await this.page.evaluate(async () => {
      const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      await frame();
      await frame();
      const fading = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
      await Promise.allSettled(fading.map(({ finished }) => finished));
    });
  }

  /** What an accessibility checker finds serious or critical on the page, or in a part of it. */
  accessibilityViolations(within = 'body'): Promise<string[]> {
    // Dashboard's own: the hidden tooltips of its navigation have no text before they are shown.
    return accessibilityViolations(this.page.locator(within), '.v-tooltip[role="tooltip"]');
  }

  /** Elements that reach beyond the right edge of the screen. */
  overflowing(): Promise<string[]> {
    return this.page.evaluate(() =>
      [...document.querySelectorAll('.nrdb-ui-page *')]
        .filter((element) => element.closest('.op-scroll') === null)
        .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .filter((element) => getComputedStyle(element).position !== 'absolute')
        .map((element) => element.outerHTML.slice(0, 120)),
    );
  }
}
