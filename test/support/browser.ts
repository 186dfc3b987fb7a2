import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page, type Response } from 'playwright-core';

const ENSURE_CHROMIUM = resolve(__dirname, '../../scripts/ensure-chromium.mjs');

/** Known to work as root in a container, and quiet on the network. */
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long the browser may take for one step: longer than it does on a busy computer. */
const STEP_TIMEOUT_MS = 60_000;

/** Starts the browser. */
export function startBrowser(): Promise<Browser> {
  const executablePath = execFileSync(process.execPath, [ENSURE_CHROMIUM], { encoding: 'utf8' }).trim();
  return chromium.launch({ executablePath, args: CHROMIUM_ARGS });
}

/**
 * Opens an empty page with cookies and storage of its own.
 * @param prepare runs in the page before its own code
 */
export async function newPage(
  browser: Browser,
  options: BrowserContextOptions = {},
  prepare?: () => void,
): Promise<Page> {
  const page = await browser.newPage({ locale: 'en-US', ...options });
  page.setDefaultTimeout(STEP_TIMEOUT_MS);
  // tsx marks functions with a helper of its own, which the page doesn't have.
  await page.addInitScript('globalThis.__name = (f) => f');
  if (prepare !== undefined) await page.addInitScript(prepare);
  return page;
}

/** Records the bodies of the wanted responses, and every message of a web socket. @returns what grows with each of them */
export function recordReceived(page: Page, isWanted: (response: Response) => boolean): Promise<string>[] {
  const received: Promise<string>[] = [];
  page.on('response', (response) => {
    // A page that is left takes the bodies along that nobody has read.
    if (isWanted(response)) received.push(response.text().catch(() => ''));
  });
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => received.push(Promise.resolve(String(payload))));
  });
  return received;
}
