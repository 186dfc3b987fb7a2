import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { Demo, type Endpoints } from '../../demo/demo';
import { startBrowser } from './browser';
import type { Editor } from './editor';

const DOCS = resolve(__dirname, '../../docs');
const ANY_PORTS = { nodeRed: 0, mqtt: 0, simulator: 0, summary: 0 };

/** Where a picture of the README lies. */
export function picture(file: string): string {
  return join(DOCS, file);
}

/** The open dialog without the canvas that it lies on, as PNG. */
export async function shootDialog({ page, dialog }: Editor): Promise<Buffer> {
  await page.mouse.move(0, 0);
  // Its own box has a margin for the handle that makes it wider.
  const { x, width } = (await dialog.locator('.red-ui-tray-header').boundingBox())!;
  const { y, height } = (await dialog.boundingBox())!;
  return page.screenshot({ clip: { x, y, width, height } });
}

/** Takes pictures of the demo as it runs, and ends the process's work: with exit code 1, if that failed. */
export async function takePictures(take: (browser: Browser, endpoints: Endpoints) => Promise<void>): Promise<void> {
  mkdirSync(DOCS, { recursive: true });
  const demo = new Demo(ANY_PORTS, () => undefined);
  try {
    const endpoints = await demo.start();
    const browser = await startBrowser();
    try {
      await take(browser, endpoints);
    } finally {
      await browser.close();
    }
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    await demo.stop();
  }
}
