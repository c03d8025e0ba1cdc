/** Where the browser of these tests is, Debian's Chromium or another, and where the app is built. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { LaunchOptions } from "playwright-core";
import { installed } from "../integration/installed.js";

export const app = join(installed.project, "browser-app");

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** `undefined` if there is none. */
export function findChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) =>
    existsSync(path),
  );
}

/** Where there is one. */
export function launchOptions(): LaunchOptions {
  // Its sandbox does not run as root.
  return { executablePath: findChromium() as string, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] };
}
