/** docs/browser.md does what it says: its blocks are built by Vite, with its configuration, and run in Chromium. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { build, createServer, type PreviewServer, preview, type ViteDevServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf } from "../integration/blocks.js";
import { installed } from "../integration/installed.js";
import { findChromium, launchOptions } from "./found.js";

const root = join(installed.project, "browser-docs");
const files = blocksOf(readFileSync(join(installed.root, "docs/browser.md"), "utf8"))
  .filter(({ language }) => language === "js")
  .map(({ info, text, output }) => ({ name: info.replace(/^file=/, ""), text, output }));
const programs = files.filter(({ output }) => output !== undefined);

test("every block has a name, and some are programs", () => {
  for (const { name } of files) expect(name).toMatch(/^[\w-]+(\.config)?\.js$/);
  expect(files.map(({ name }) => name)).toContain("vite.config.js");
  expect(programs.length).toBeGreaterThanOrEqual(2);
});

describe.skipIf(findChromium() === undefined)("in Chromium", () => {
  let browser: Browser;
  const servers: Record<string, PreviewServer | ViteDevServer> = {};

  beforeAll(async () => {
    mkdirSync(root, { recursive: true });
    for (const { name, text } of files) writeFileSync(join(root, name), text);
    for (const { name } of programs) {
      writeFileSync(
        join(root, `${name}.html`),
        `<!doctype html><script type="module" src="./${name}"></script>`,
      );
    }
    const entries = programs.map(({ name }) => `${name}.html`);
    const input = entries.map((name) => join(root, name));
    const configFile = join(root, "vite.config.js");
    // The page waits for its executor at the top level of its module.
    await build({
      root,
      configFile,
      logLevel: "warn",
      build: { target: "esnext", rolldownOptions: { input } },
    });
    const port = 0;
    servers["vite preview"] = await preview({ root, configFile, logLevel: "warn", preview: { port } });
    const dev = await createServer({
      root,
      configFile,
      logLevel: "warn",
      server: { port },
      optimizeDeps: { entries },
    });
    servers["vite dev"] = await dev.listen();
    browser = await chromium.launch(launchOptions());
  });

  afterAll(async () => {
    await browser?.close();
    for (const server of Object.values(servers)) await server.close();
  });

  const cases = ["vite preview", "vite dev"].flatMap((by) => programs.map((program) => ({ by, ...program })));

  test.each(cases)("$name, served by $by, prints what the page says", async ({ by, name, output = "" }) => {
    const page = await browser.newPage();
    const printed: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "log") printed.push(message.text());
    });
    page.on("pageerror", (error) => printed.push(String(error)));
    const [local] = servers[by]?.resolvedUrls?.local ?? [];
    await page.goto(`${local}${name}.html`);
    const expected = output.trimEnd().split("\n");
    await expect.poll(() => printed.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(expected.length);
    expect(printed).toEqual(expected);
  });
});
