import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { buildSync } from "esbuild";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTROL_BYTES, ControlBlock, MAX_TASKS } from "../../../src/protocol/control-block.js";

function newBlock(tasks: number): ControlBlock {
  const block = new ControlBlock(new Int32Array(CONTROL_BYTES / 4));
  block.reset(tasks);
  return block;
}

describe("claims", () => {
  it("cover every task once, whatever their sizes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (tasks, sizes) => {
          const block = newBlock(tasks);
          const hits = new Uint8Array(tasks);
          for (let i = 0; ; i++) {
            const count = sizes[i % sizes.length] as number;
            const start = block.claim(count);
            if (start === -1) break;
            const end = Math.min(start + count, tasks);
            for (let at = start; at < end; at++) hits[at] = (hits[at] as number) + 1;
            expect(block.finished).toBe(false);
            block.endClaim(end - start);
          }
          expect(hits.every((hit) => hit === 1)).toBe(true);
          expect(block.finished).toBe(true);
          expect(block.ended).toBe(tasks);
        },
      ),
    );
  });

  it("stay refused once there is nothing left", () => {
    const block = newBlock(1);
    expect(block.claim(1)).toBe(0);
    expect(block.claim(1)).toBe(-1);
    expect(block.finished).toBe(false);
    block.endClaim(1);
    expect(block.finished).toBe(true);
    expect(block.claim(5)).toBe(-1);
    expect(block.finished).toBe(true);
  });

  it("of no task at all are refused, and the block is finished from the start", () => {
    const block = newBlock(0);
    expect(block.finished).toBe(true);
    expect(block.claim(1)).toBe(-1);
  });

  it("finish when all are ended, in any order", () => {
    const block = newBlock(4);
    expect([block.claim(2), block.claim(2)]).toEqual([0, 2]);
    expect(block.next).toBe(4);
    block.endClaim(2);
    expect(block.finished).toBe(false);
    block.endClaim(2);
    expect(block.finished).toBe(true);
    expect(block.ended).toBe(4);
  });

  it("of all threads past the end stay below 2^31", () => {
    const block = newBlock(MAX_TASKS);
    block.claim(MAX_TASKS);
    expect(block.claim(MAX_TASKS - 1)).toBe(-1);
    expect(block.next).toBeGreaterThan(0);
  });
});

describe("the limit", () => {
  it("only falls", () => {
    const block = newBlock(10);
    expect(block.limit).toBe(10);
    block.lowerLimit(5);
    expect(block.limit).toBe(5);
    block.lowerLimit(7);
    expect(block.limit).toBe(5);
    block.lowerLimit(0);
    expect(block.limit).toBe(0);
    expect(block.aborted).toBe(false);
  });

  it("stops claims at or past it, and lets those below go on", () => {
    const block = newBlock(10);
    expect(block.claim(2)).toBe(0);
    block.lowerLimit(3);
    expect(block.claim(1)).toBe(2);
    expect(block.claim(1)).toBe(-1);
    block.endClaim(2);
    expect(block.finished).toBe(false);
    block.endClaim(1);
    expect(block.finished).toBe(true);
  });

  it("of an aborted block is below every task", () => {
    const block = newBlock(10);
    block.abort();
    expect(block.aborted).toBe(true);
    expect(block.limit).toBeLessThan(0);
    expect(block.claim(1)).toBe(-1);
    expect(block.finished).toBe(true);
    block.lowerLimit(4);
    expect(block.aborted).toBe(true);
  });
});

describe("claims below a gate", () => {
  it("cover every task once, and never pass the gate", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 40 })), {
          minLength: 1,
        }),
        (tasks, steps) => {
          const block = newBlock(tasks);
          let gate = 0;
          block.closeGate(gate);
          const hits = new Uint8Array(tasks);
          for (let i = 0; gate < tasks || !block.exhausted; i++) {
            const [count, more] = steps[i % steps.length] as [number, number];
            const claimable = gate - block.next;
            expect(block.claimable).toBe(claimable);
            const claimed = block.claimBelowGate(count);
            expect(claimed === undefined).toBe(claimable === 0);
            if (claimed !== undefined) {
              const [start, end] = claimed;
              expect(end - start).toBe(Math.min(count, claimable));
              for (let at = start; at < end; at++) hits[at] = (hits[at] as number) + 1;
              expect(block.finished).toBe(false);
              block.endClaim(end - start);
            }
            gate = Math.min(tasks, gate + Math.max(1, more));
            block.raiseGate(gate);
          }
          expect(hits.every((hit) => hit === 1)).toBe(true);
          expect([block.finished, block.ended]).toEqual([true, tasks]);
        },
      ),
    );
  });

  it("end nothing at a closed gate, and all at the limit", () => {
    const block = newBlock(10);
    block.closeGate(4);
    expect(block.claimBelowGate(9)).toEqual([0, 4]);
    block.endClaim(4);
    expect(block.claimBelowGate(1)).toBeUndefined();
    expect([block.exhausted, block.finished, block.claimable]).toEqual([false, false, 0]);
    block.raiseGate(8);
    block.lowerLimit(6);
    expect(block.claimable).toBe(2);
    expect(block.claimBelowGate(2)).toEqual([4, 6]);
    block.endClaim(2);
    expect(block.claimBelowGate(1)).toBeUndefined();
    expect([block.exhausted, block.finished]).toEqual([true, true]);
  });

  it("are refused after an abort, and the block is finished", () => {
    const block = newBlock(10);
    block.closeGate(4);
    block.abort();
    expect(block.claimBelowGate(1)).toBeUndefined();
    expect([block.finished, block.claimable]).toEqual([true, 0]);
  });
});

it("a block counts what was posted and what ended", () => {
  const block = newBlock(10);
  block.addPosted(1);
  block.addPosted(2);
  expect(block.posted).toBe(3);
  block.claim(3);
  block.endClaim(3);
  expect(block.ended).toBe(3);
});

it("a block forgets everything at a reset, even on used memory", () => {
  const words = new Int32Array(CONTROL_BYTES / 4).fill(77);
  const block = new ControlBlock(words);
  block.reset(5);
  expect([block.next, block.limit, block.ended, block.posted]).toEqual([0, 5, 0, 0]);
  expect([block.finished, block.aborted]).toEqual([false, false]);
});

it("a block stays within its cache line", () => {
  expect(CONTROL_BYTES).toBe(64);
});

describe("two threads at once", () => {
  const TASKS = 300_000;
  const THREADS = 2;
  // Runs the built control block: nothing of the protocol is written a second time here.
  const program = `
    const { workerData } = require("node:worker_threads");
    import(workerData.url).then(({ ControlBlock }) => {
      const control = new ControlBlock(new Int32Array(workerData.control));
      const hits = new Int32Array(workerData.hits);
      const gate = new Int32Array(workerData.gate);
      // Both start together, so that their claims meet.
      Atomics.add(gate, 0, 1);
      Atomics.notify(gate, 0);
      for (let seen = Atomics.load(gate, 0); seen < ${THREADS}; seen = Atomics.load(gate, 0)) Atomics.wait(gate, 0, seen);
      for (let round = 0; ; round++) {
        const count = 1 + (round % 3);
        let start;
        let end;
        if (workerData.gated) {
          const claimed = control.claimBelowGate(count);
          if (claimed === undefined && control.exhausted) break;
          if (claimed === undefined) continue;
          [start, end] = claimed;
        } else {
          start = control.claim(count);
          if (start === -1) break;
          end = Math.min(start + count, ${TASKS});
        }
        for (let i = start; i < end; i++) {
          hits[i]++;
          if (workerData.failAt.includes(i)) control.lowerLimit(i);
        }
        control.endClaim(end - start);
      }
    });
  `;

  async function run(failAt: readonly number[], gated = false) {
    const [control, hits, gate] = [CONTROL_BYTES, 4 * TASKS, 4].map(
      (bytes) => new SharedArrayBuffer(bytes),
    ) as [SharedArrayBuffer, SharedArrayBuffer, SharedArrayBuffer];
    const block = new ControlBlock(new Int32Array(control));
    block.reset(TASKS);
    if (gated) block.closeGate(0);
    // Workers can't load TypeScript.
    const source = fileURLToPath(new URL("../../../src/protocol/control-block.ts", import.meta.url));
    const options = { bundle: true, format: "esm", platform: "node", write: false } as const;
    const [file] = buildSync({ ...options, entryPoints: [source] }).outputFiles;
    const url = `data:text/javascript,${encodeURIComponent(file?.text ?? "")}`;
    const workers = Array.from(
      { length: THREADS },
      () => new Worker(program, { eval: true, workerData: { url, control, hits, gate, failAt, gated } }),
    );
    const failed = new Promise<never>((_resolve, reject) => {
      for (const worker of workers) worker.on("error", reject);
    });
    const exits = Promise.all(workers.map((worker) => new Promise((resolve) => worker.on("exit", resolve))));
    const finished = (async () => {
      for (let open = 1000; !block.finished; open = Math.min(TASKS, open + 1000)) {
        if (gated) block.raiseGate(open);
        await new Promise((resolve) => setImmediate(resolve));
        if (gated && block.next > open) throw new Error(`claimed up to ${block.next} at a gate of ${open}`);
      }
      return new Int32Array(hits).slice();
    })();
    // What is seen the moment the block says that it is finished, while the workers may still be running.
    const seen = await Promise.race([finished, failed]);
    await Promise.race([exits, failed]);
    return { block, seen, end: new Int32Array(hits) };
  }

  it("run every task exactly once", async () => {
    const { block, seen, end } = await run([]);
    expect(end.findIndex((hit) => hit !== 1)).toBe(-1);
    expect(seen.findIndex((hit) => hit !== 1)).toBe(-1);
    expect(block.ended).toBe(TASKS);
    expect(block.finished).toBe(true);
  });

  it("run every task exactly once, and none before the gate is raised", async () => {
    const { block, seen, end } = await run([], true);
    expect(end.findIndex((hit) => hit !== 1)).toBe(-1);
    expect(seen.findIndex((hit) => hit !== 1)).toBe(-1);
    expect(block.ended).toBe(TASKS);
  });

  it("run every task below the lowest failure exactly once, and none twice", async () => {
    const lowest = 120_000;
    const { block, seen, end } = await run([lowest, lowest + 1, lowest + 2, lowest + 50, 250_000]);
    expect(block.limit).toBe(lowest);
    expect(seen.subarray(0, lowest).findIndex((hit) => hit !== 1)).toBe(-1);
    expect(end.findIndex((hit) => hit > 1)).toBe(-1);
    expect(end[TASKS - 1]).toBe(0);
  });
});
