/** Ctrl-C in a terminal ends a program and its child processes once, without a word of theirs. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { installed } from "./installed.js";

/** It makes a terminal for a program. */
const SCRIPT = "/usr/bin/script";
const CTRL_C = "\x03";

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Runs a program in a terminal, and types Ctrl-C when it prints "ready". @returns what it has printed after that */
async function interrupt(text: string): Promise<{ code: number | null; printed: string; pids: number[] }> {
  const command = `exec "${process.execPath}" --input-type=module --eval "$PROGRAM"`;
  const terminal = spawn(SCRIPT, ["-qec", command, "/dev/null"], {
    cwd: installed.project,
    env: { ...process.env, PROGRAM: text, SHELL: "/bin/sh", NODE_OPTIONS: "", NO_COLOR: "1" },
  });
  let output = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
    const wasReady = output.includes("ready");
    output += text;
    if (!wasReady && output.includes("ready")) terminal.stdin.write(CTRL_C);
  });
  const code = await new Promise<number | null>((resolve) => terminal.once("close", resolve));
  const [pids = "", printed = ""] = output.split(/ready\r?\n/);
  return { code, printed: printed.replace("^C", "").trim(), pids: pids.trim().split(",").map(Number) };
}

const PROGRAM = `
  import { ParallelExecutor } from "sharray";
  const executor = new ParallelExecutor({ maxWorkers: 2, strategy: "processes" });
  const spin = () => {
    const end = performance.now() + 30;
    while (performance.now() < end);
    return process.pid;
  };
  console.log([...new Set(await executor.map([1, 2, 3, 4, 5, 6], spin))].join());
  const forever = executor.map([1, 2], () => { for (;;); });
  forever.catch(() => {});
`;

test.runIf(existsSync(SCRIPT)).each([
  ["by the signal", "", 130, ""],
  [
    "as its listener says",
    `process.once("SIGINT", async () => {
       console.log("closing");
       await executor.shutdown({ deadline: 10 });
       console.log("closed");
     });`,
    0,
    "closing\r\nclosed",
  ],
])("a program ends %s, and its children with it", async (_how, listener, code, printed) => {
  const ended = await interrupt(`${PROGRAM}${listener}\nconsole.log("ready");`);
  expect(ended).toMatchObject({ code, printed });
  expect(ended.pids.length).toBeGreaterThan(0);
  while (ended.pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 1));
});
