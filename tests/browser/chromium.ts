/** The browser of these tests: Debian's Chromium, or whichever is on the machine. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { app } from "./build.js";
import { type Served, serve } from "./serve.js";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Undefined: there is none. */
export function findChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) =>
    existsSync(path),
  );
}

/** What tests have in hand. */
export interface Surroundings {
  readonly browser: Browser;
  /** A page of the app, opened anew. */
  open(): Promise<Page>;
}

/** Tests in a browser, of the app served with these headers. Skipped where there is no browser. */
export function inChromium(
  name: string,
  headers: Readonly<Record<string, string>>,
  tests: (surroundings: Surroundings) => void,
): void {
  const executablePath = findChromium();
  describe.skipIf(executablePath === undefined)(name, () => {
    let browser: Browser;
    let served: Served;
    beforeAll(async () => {
      // Its sandbox does not run as root.
      const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
      browser = await chromium.launch({ executablePath: executablePath as string, args });
      served = await serve(join(app, "dist"), headers);
    });
    afterAll(async () => {
      await browser?.close();
      await served?.[Symbol.asyncDispose]();
    });
    tests({
      get browser() {
        return browser;
      },
      async open() {
        const page = await browser.newPage();
        await page.goto(served.url);
        await page.waitForFunction("globalThis.places !== undefined");
        return page;
      },
    });
  });
}
