import { check } from "./check";
import { scale } from "./kernels";

test("sharray runs", async () => {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  await check(scale);
  console.log = log;
  (process as unknown as { _rawDebug(text: string): void })._rawDebug(lines.join("\n"));
});
