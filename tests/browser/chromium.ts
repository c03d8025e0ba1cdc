/** Tests in Chromium, of the app as it was built. */
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { app, findChromium, launchOptions } from "./found.js";
import { type Served, serve } from "./serve.js";

/** What tests have in hand. */
export interface Surroundings {
  readonly browser: Browser;
  /** A page of the app, opened anew. */
  open(): Promise<Page>;
}

/** Tests in a browser, of the app served with these headers. Skipped if there is no browser. */
export function inChromium(
  name: string,
  headers: Readonly<Record<string, string>>,
  tests: (surroundings: Surroundings) => void,
): void {
  describe.skipIf(findChromium() === undefined)(name, () => {
    let browser: Browser;
    let served: Served;
    beforeAll(async () => {
      browser = await chromium.launch(launchOptions());
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
        await page.waitForFunction("globalThis.app !== undefined");
        return page;
      },
    });
  });
}
