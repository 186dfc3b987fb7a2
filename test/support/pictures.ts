import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { Demo, type Endpoints } from '../../demo/demo';
import { startBrowser } from './editor';

const DOCS = resolve(__dirname, '../../docs');
const ANY_PORTS = { nodeRed: 0, mqtt: 0, simulator: 0, summary: 0 };

/** Where a picture of the README lies. */
export function picture(file: string): string {
  return join(DOCS, file);
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
