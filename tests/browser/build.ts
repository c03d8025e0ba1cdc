/** Builds the app of these tests as its user would: Vite, for production, against the packed package. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { installed } from "../integration/installed.js";
import { app, findChromium } from "./found.js";

export default async function buildApp(): Promise<void> {
  if (findChromium() === undefined) {
    console.warn(
      "\n  NO CHROMIUM ON THIS MACHINE: the tests in browsers are SKIPPED (apt-get install chromium)\n",
    );
    return;
  }
  rmSync(app, { recursive: true, force: true });
  cpSync(join(installed.root, "tests/browser/app"), app, { recursive: true });
  await build({ root: app, logLevel: "warn" });
}
