/** Work in a process of its own: nothing compiled, no pool, no heap from before. */
import { fork } from "node:child_process";

const OPTIONS = {
  /** Longer than any question takes. */
  timeout: 15 * 60_000,
  killSignal: "SIGKILL",
  /** JSON has no infinity, which is the time of a contestant that never ended. */
  serialization: "advanced",
} as const;

/** @throws Error if the process ends without an answer; what it threw is on standard error */
export function ask<A>(program: URL, question: unknown): Promise<A> {
  return new Promise((resolve, reject) => {
    const child = fork(program, OPTIONS);
    let received: { answer: A } | undefined;
    child.once("message", (answer) => {
      received = { answer: answer as A };
    });
    child.once("error", reject);
    // The next process starts when this one has freed its memory and its cores.
    child.once("exit", (code, signal) => {
      if (received === undefined) reject(new Error(`A process ended with ${signal ?? code} and no answer`));
      else resolve(received.answer);
    });
    child.send(question as object);
  });
}

/** The other side: answers one question, then ends the process, whatever is still open. */
export function answer<Q>(work: (question: Q) => Promise<object>): void {
  process.once("message", async (question) => {
    const result = await work(question as Q);
    process.send?.(result, () => process.exit());
  });
}
