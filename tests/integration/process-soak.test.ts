/** Children that are killed all the time, while calls of all kinds run: nothing is lost, doubled or left behind. */
import { readdirSync, readFileSync } from "node:fs";
import { ParallelExecutor } from "sharray";
import { expect, test } from "vitest";

/** `SHARRAY_KILLS=1000` for a soak. */
const KILLS = Number(process.env["SHARRAY_KILLS"] ?? 30);

/** Children of this process that are alive. */
function children(): number[] {
  const found: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, state, parent] = /\) (\S) (\d+) /.exec(readFileSync(`/proc/${name}/stat`, "utf8")) ?? [];
      if (Number(parent) === process.pid && state !== "Z") found.push(Number(name));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

const descriptors = (): number => readdirSync("/proc/self/fd").length;

test.runIf(process.platform === "linux")(
  "all calls on processes give the right results",
  { timeout: 600_000 },
  async () => {
    const before = { children: new Set(children()), descriptors: descriptors() };
    const own = (): number[] => children().filter((pid) => !before.children.has(pid));
    // Whose turn it is to die is chance, so no call may give a task up.
    const executor = new ParallelExecutor({ strategy: "processes", maxWorkers: 3, maxRetries: 1e6 });
    const x = Float64Array.from({ length: 20_000 }, (_, i) => i);
    const shared = executor.share(x);
    const items = Array.from({ length: 300 }, (_, i) => i);
    const spin = (n: number): string => {
      const end = performance.now() + 0.05;
      while (performance.now() < end);
      return `${n}`;
    };
    const calls = [
      async () => expect(await executor.map(items, spin)).toEqual(items.map(String)),
      async () => {
        const out = await executor.transformShared(
          { x },
          { twice: Float64Array, odd: Uint8Array },
          ({ x }, { twice, odd }) => {
            for (let i = 0; i < x.length; i += 1) {
              twice[i] = 2 * x[i]!;
              odd[i] = x[i]! % 2;
            }
          },
          { chunkSize: 100 },
        );
        expect(out.twice.every((value, i) => value === 2 * i)).toBe(true);
        expect(out.odd.every((value, i) => value === i % 2)).toBe(true);
        executor.release(out.twice, out.odd);
      },
      async () => {
        const sum = await executor.reduceShared(
          shared,
          (part) => part.reduce((a, b) => a + b, 0),
          (a, b) => a + b,
        );
        expect(sum).toBe(199_990_000);
      },
      async () => {
        const seen = new Map<number, number>();
        const options = { chunkSize: 200 };
        for await (const { index, value } of executor.streamShared(shared, (part) => part[0], options)) {
          expect(seen.has(index)).toBe(false);
          seen.set(index, value as number);
        }
        expect([...seen].every(([index, value]) => value === 200 * index)).toBe(true);
        expect(seen.size).toBe(100);
      },
    ];
    let kills = 0;
    let isOver = false;
    const killing = (async () => {
      while (kills < KILLS) {
        const pids = own();
        const pid = pids[Math.floor(Math.random() * pids.length)];
        if (pid !== undefined) {
          process.kill(pid, kills % 5 === 0 ? "SIGSEGV" : "SIGKILL");
          kills += 1;
        }
        await new Promise((resolve) => setTimeout(resolve, 5 + 60 * Math.random()));
      }
      isOver = true;
    })();
    while (!isOver) await Promise.all(calls.map((call) => call()));
    await killing;
    await executor.shutdown();
    while (own().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(executor.memory().bytesInUse).toBeLessThanOrEqual(shared.byteLength * 1.3);
    // The transit file is closed with the pool.
    expect(descriptors()).toBeLessThanOrEqual(before.descriptors);
    expect(readdirSync("/dev/shm").filter((name) => name.startsWith(`sharray-${process.pid}-`))).toEqual([]);
  },
);
