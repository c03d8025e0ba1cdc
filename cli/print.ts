/** A diagnosis for people. */
import type { Diagnosis, Tested } from "./doctor.js";

export function printed(found: Diagnosis): string {
  const { runtime, cores, memory, isolation, webAssembly, host, strategies, advice } = found;
  const features = Object.entries(webAssembly).map(([name, has]) => `${name} ${has ? "yes" : "no"}`);
  const lines: [string, string][] = [
    ["runtime", `${runtime.name} ${runtime.version}, ${runtime.platform}`],
    [
      "cores",
      `${cores.usable} usable, ${cores.runtime} seen by the runtime, ${cores.machine} in the machine`,
    ],
    [
      "memory",
      `${gib(memory.allowed)} allowed of ${gib(memory.machine)}, at most ${gib(memory.shared)} shared`,
    ],
    ["isolation", `shared memory ${yes(isolation.sharedMemory)}, compiling text ${yes(isolation.eval)}`],
    ["WebAssembly", features.join(", ")],
    ...strategies.map((tested): [string, string] => [tested.strategy, outcome(tested, strategies)]),
  ];
  const wide = Math.max(...lines.map(([name]) => name.length));
  const table = lines.map(([name, text]) => `${name.padEnd(wide)}  ${text}`);
  const ends = advice.length === 0 ? ["Nothing is amiss."] : advice.map((each) => `- ${each}`);
  return `${[...table, "", String(host), "", ...ends].join("\n")}\n`;
}

function outcome({ isHere, ok, milliseconds, error }: Tested, [first]: readonly Tested[]): string {
  if (!isHere) return `not here: ${error}`;
  if (!ok || milliseconds === undefined) return `FAILED: ${error}`;
  const times = (first?.milliseconds ?? milliseconds) / milliseconds;
  return `a pass over 1,000,000 numbers in ${milliseconds.toFixed(2)} ms (${times.toFixed(1)}x)`;
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const yes = (value: boolean): string => (value ? "yes" : "no");
