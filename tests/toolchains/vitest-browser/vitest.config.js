import { playwright } from "@vitest/browser-playwright";

const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const launchOptions = { executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] };

export default {
  server: { headers },
  test: {
    browser: {
      enabled: true,
      headless: true,
      provider: playwright({ launchOptions }),
      instances: [{ browser: "chromium" }],
    },
  },
};
