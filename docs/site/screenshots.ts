/** Makes the screenshots of the README from the built page: `npm run site:screenshots`, where there is a Chromium. */

import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { preview } from "vite";
import { findChromium } from "../../tests/browser/found.js";

const SHOTS = [
  {
    name: "desktop-light",
    workload: "hours",
    colorScheme: "light",
    viewport: { width: 1200, height: 1060 },
    from: "body",
  },
  {
    name: "phone-dark",
    workload: "image",
    colorScheme: "dark",
    viewport: { width: 390, height: 1010 },
    from: "[data-way=shared]",
  },
] as const;
/** The README is no place for more. */
const MOST_BYTES = 200_000;

const executablePath = findChromium();
if (executablePath === undefined) throw new Error("Cannot take screenshots as there is no Chromium here");
const server = await preview({
  root: fileURLToPath(new URL(".", import.meta.url)),
  logLevel: "warn",
  preview: { port: 0 },
});
const browser = await chromium.launch({
  executablePath,
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
for (const { name, workload, colorScheme, viewport, from } of SHOTS) {
  const page = await browser.newPage({ viewport, colorScheme, reducedMotion: "reduce" });
  await page.goto(server.resolvedUrls!.local[0]!);
  await page.check(`input[value=${workload}]`);
  await page.click("#run:enabled");
  await page.getByText("Done.").waitFor({ timeout: 120_000 });
  // Where the run's own scrolling has left the page differs.
  await page.locator(from).evaluate((element) => element.scrollIntoView({ block: "start" }));
  await page.mouse.move(0, 0);
  const path = fileURLToPath(new URL(`screenshots/${name}.png`, import.meta.url));
  await page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${name}.png: ${size} bytes`);
  if (size > MOST_BYTES)
    throw new Error(`Cannot use ${name}.png as it must have at most ${MOST_BYTES} bytes`);
}
await browser.close();
await server.close();
