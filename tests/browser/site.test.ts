/** The page in docs/site, built for production and served with its headers: what it computes, and for which visitors. */
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "./found.js";

const root = fileURLToPath(new URL("../../docs/site", import.meta.url));
const executablePath = findChromium();

describe.skipIf(executablePath === undefined)("the page", () => {
  let browser: Browser;
  const servers: PreviewServer[] = [];
  const addresses = { isolated: "", plain: "" };
  beforeAll(async () => {
    await build({ root, logLevel: "warn" });
    const start = async (options: { configFile?: false }): Promise<string> => {
      const server = await preview({ root, logLevel: "warn", preview: { port: 0 }, ...options });
      servers.push(server);
      return server.resolvedUrls!.local[0]!;
    };
    addresses.isolated = await start({});
    // Without the page's configuration there are no headers.
    addresses.plain = await start({ configFile: false });
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    browser = await chromium.launch({ executablePath: executablePath as string, args });
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) await server.close();
  });

  async function withPage(
    work: (page: Page) => Promise<void>,
    { url = addresses.isolated, width = 360 } = {},
  ): Promise<void> {
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(`${error}`));
    await page.goto(url);
    await page.locator("#run:enabled").waitFor();
    await work(page);
    expect(complaints).toEqual([]);
    await page.close();
  }

  /** Runs a workload, as small as the page allows. */
  async function run(page: Page, workload: string): Promise<void> {
    await page.check(`input[value=${workload}]`);
    for (const [name, value] of Object.entries({ repeat: 1, resamples: 4, megapixels: 1, rounds: 1 })) {
      const slider = page.locator(`input[name=${name}]`);
      if (await slider.isVisible()) await slider.fill(`${value}`);
    }
    await page.click("#run");
    await ended(page, "Done");
  }

  async function ended(page: Page, text: string): Promise<void> {
    await page.waitForFunction(() =>
      /^(Done|Stopped|Failed)/.test(document.getElementById("status")!.innerText),
    );
    expect(await page.innerText("#status")).toContain(text);
  }

  test("runs every workload in three ways with the same bytes, one after another", async () => {
    const marks = {
      hours: ["svg.chart rect.bar", 24],
      bootstrap: ["svg.chart rect.bar", 16],
      grid: ["svg.chart circle", 8],
      image: ["canvas", 1],
    } as const;
    await withPage(async (page) => {
      for (const [workload, [mark, count]] of Object.entries(marks)) {
        await run(page, workload);
        expect(await page.locator("#ways .same").count()).toBe(3);
        expect(await page.locator("#answer").locator(mark).count()).toBe(count);
        // Work of every way is in its lanes, and copying only if there is some.
        await page.locator("#timeline .shared .compute").first().waitFor({ state: "attached" });
        expect(await page.locator("#timeline .sequential .compute").count()).toBe(1);
        expect(await page.locator("#timeline .clone .copy").count()).toBeGreaterThan(1);
        expect(await page.locator("#timeline .shared .copy").count()).toBe(0);
        expect(await page.locator("#plan tbody tr").count()).toBe(6);
        expect(await page.innerText("#plan")).not.toContain("NaN");
        expect(await page.locator("#plan pre").count()).toBe(workload === "hours" ? 1 : 0);
        expect(await page.locator("#ways dd").first().innerText()).toBe("0 bytes");
        // Nothing is wider than a phone.
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
      }
    });
  }, 60_000);

  test("filters the visitor's own picture, and says what is none", async () => {
    await withPage(async (page) => {
      await page.check("input[value=image]");
      await page.setInputFiles("#file", { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
      expect(await page.innerText("#file-name")).toContain("a.txt is no picture");
      const url = await page.evaluate(() => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 10 });
        canvas.getContext("2d")!.fillRect(5, 5, 20, 5);
        return canvas.toDataURL();
      });
      const buffer = Buffer.from(url.split(",")[1]!, "base64");
      await page.setInputFiles("#file", { name: "wide.png", mimeType: "image/png", buffer });
      await run(page, "image");
      expect(await page.innerText("#answer")).toContain("2000 × 500 pixels");
    });
  });

  test("is worked with the keyboard alone, and stops when it is told to", async () => {
    await withPage(async (page) => {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement!.className)).toBe("skip");
      await page.keyboard.press("Tab");
      await page.keyboard.press("ArrowDown");
      expect(await page.isChecked("input[value=bootstrap]")).toBe(true);
      await page.keyboard.press("Tab");
      await page.keyboard.press("End");
      expect(await page.locator("input[name=repeat]").inputValue()).toBe("50");
      await page.keyboard.press("Home");
      await page.keyboard.press("Tab");
      await page.keyboard.press("End");
      for (let i = 0; i < 4; i += 1) await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement!.id)).toBe("run");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.getElementById("status")!.innerText.startsWith("Running"));
      expect(await page.evaluate(() => document.activeElement!.textContent)).toBe("Stop");
      await page.keyboard.press("Enter");
      await ended(page, "Stopped");
      expect(await page.innerText("#run")).toBe("Run all three");
      await run(page, "hours");
    });
  });

  test("has nothing that axe finds, in light and in dark", async () => {
    await withPage(
      async (page) => {
        await run(page, "hours");
        for (const summary of await page.locator("summary").all()) await summary.click();
        await page.evaluate(axe.source);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          const { violations, passes } = await page.evaluate(() => {
            return (globalThis as unknown as { axe: typeof axe }).axe.run();
          });
          const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
          expect(found).toEqual([]);
          expect(passes.length).toBeGreaterThan(20);
        }
      },
      { width: 1280 },
    );
  });

  test("says what is missing if it is not isolated, and runs sequentially", async () => {
    await withPage(
      async (page) => {
        const told = await page.innerText("#isolation");
        expect(told).toContain("Cross-Origin-Opener-Policy: same-origin");
        expect(told).toContain("Cross-Origin-Embedder-Policy: require-corp");
        await run(page, "hours");
        expect(await page.innerText("[data-way=shared]")).toContain("the coordinator's thread");
        expect(await page.locator("#ways .same").count()).toBe(3);
      },
      { url: addresses.plain },
    );
  });
});
