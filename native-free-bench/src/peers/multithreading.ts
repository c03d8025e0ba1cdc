import { runInThisContext } from "node:vm";
import type { Task } from "../scenarios/tasks.js";
import type { Opener } from "./peer.js";

type Spawn = typeof import("multithreading").spawn;
type Move = typeof import("multithreading").move;
type Run = (task: Task, module: string) => Promise<unknown>;

/** Version 0.3 uses these two, which Node 20 does not have. */
function fillIn(): void {
  const { navigator } = globalThis as { navigator?: object };
  if (navigator === undefined) Object.assign(globalThis, { navigator: {} });
  Promise.withResolvers ??= <T>() => {
    let settle: Pick<PromiseWithResolvers<T>, "resolve" | "reject"> | undefined;
    const promise = new Promise<T>((resolve, reject) => {
      settle = { resolve, reject };
    });
    return { promise, ...(settle as Pick<PromiseWithResolvers<T>, "resolve" | "reject">) };
  };
}

/** It finds its caller in the stack, and takes each line with "native" in it for its own: this folder has it too. */
const call = runInThisContext("(spawn, moved, run) => spawn(moved, run)", {
  filename: "/caller.js",
}) as (spawn: Spawn, moved: ReturnType<Move>, run: Run) => ReturnType<Spawn>;

/** A function that is sent as text and imports what it needs. */
const run: Run = async (task, module) => {
  const { runTask } = await import(module);
  return runTask(task);
};

export const multithreading: Opener = async (workers) => {
  fillIn();
  const { initRuntime, move, spawn } = await import("multithreading");
  initRuntime({ maxWorkers: workers });
  const module = new URL("../scenarios/tasks.js", import.meta.url).href;
  return {
    name: "multithreading",
    run: async (task) => {
      const result = await call(spawn, move(task, module), run).join();
      if (!result.ok) throw result.error;
      return result.value;
    },
  };
};
