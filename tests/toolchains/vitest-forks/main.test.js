import { test } from "vitest";
import { check } from "./check.js";
import { scale } from "./kernels.js";

test("sharray runs", async () => {
  const lines = [];
  const { log } = console;
  console.log = (line) => lines.push(line);
  await check(scale);
  console.log = log;
  process._rawDebug(lines.join("\n"));
});
