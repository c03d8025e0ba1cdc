/** The same kernels in C with pthreads, if the machine has a compiler. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Field } from "../harness/contestant.js";

const SOURCE = new URL("../../src/limits/kernels.c", import.meta.url);
export const NO_COMPILER = "C with pthreads: cc does not compile here";

/** Sums in another order, and another mathematics library, differ in the last digits. */
const TOLERANCE = 1e-9;

/**
 * @param expected the sum of the kernel's results
 * @returns `undefined` if there is no C compiler
 */
export async function native(
  kernel: "sum" | "black-scholes",
  units: number,
  threads: number,
  expected: number,
): Promise<Field | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "sharray-bench-"));
  try {
    return open(compile(folder), kernel, units, threads, expected);
  } catch {
    return undefined;
  } finally {
    // A running program keeps its file.
    rmSync(folder, { recursive: true });
  }
}

function compile(folder: string): string {
  const program = join(folder, "kernels");
  execFileSync("cc", ["-O2", "-pthread", "-o", program, fileURLToPath(SOURCE), "-lm"], { stdio: "ignore" });
  return program;
}

function open(program: string, kernel: string, units: number, threads: number, expected: number): Field {
  const child = spawn(program, [kernel, String(units), String(threads)]);
  const lines = createInterface(child.stdout);
  const time = async (): Promise<number> => {
    const line = once(lines, "line");
    child.stdin.write("\n");
    const [ns, result] = String(await line)
      .split(" ")
      .map(Number) as [number, number];
    if (Math.abs(result - expected) > TOLERANCE * Math.abs(expected)) {
      throw new Error(`C computes ${result} in place of ${expected}`);
    }
    return ns / 1e6;
  };
  return {
    contestants: [{ name: `C, ${threads} threads`, time }],
    close: () => {
      const ended = once(child, "exit");
      child.stdin.end();
      return ended;
    },
  };
}
