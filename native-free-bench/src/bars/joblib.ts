/** What joblib takes for small items, where Python has it. */
import { execFileSync } from "node:child_process";

export const NO_JOBLIB = "joblib's figure: Python with joblib (Debian: python3-joblib) is not there";

/** Prints microseconds for each item over the loop, one line for each round, on warm processes. */
const PROGRAM = `
import math, sys, time
from joblib import Parallel, delayed
items, rounds, workers = map(int, sys.argv[1:])
with Parallel(n_jobs=workers) as parallel:
    run = lambda: parallel(delayed(math.sqrt)(i) for i in range(items))
    run()
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        middle = time.perf_counter()
        [math.sqrt(i) for i in range(items)]
        end = time.perf_counter()
        print(1e6 * ((middle - start) - (end - middle) / workers) / items)
`;

/** Debian's packages are of Debian's Python, which may not be the first one. */
const PYTHONS = ["python3", "/usr/bin/python3"];

/** @returns one figure for each round; `undefined` if there is no joblib */
export function joblibPerItem(items: number, rounds: number, workers: number): number[] | undefined {
  for (const python of PYTHONS) {
    try {
      const given = ["-c", PROGRAM, items, rounds, workers].map(String);
      const printed = execFileSync(python, given, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      return printed.trim().split("\n").map(Number);
    } catch {
      // This one has none.
    }
  }
  return undefined;
}
