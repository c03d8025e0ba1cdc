/** What several programs need. To be imported before anything starts a worker. */

/** The workers that this process has started, and those of them that have not ended. */
export const workers = { started: 0, alive: 0 };

process.on("worker", (worker) => {
  workers.started += 1;
  workers.alive += 1;
  worker.on("exit", () => {
    workers.alive -= 1;
  });
});

/** Waits for a condition; fails when it does not come true, by a bound that no loaded machine reaches. */
export async function until(condition, what) {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come true within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Hands the test what the program saw. */
export function tell(facts) {
  console.log(JSON.stringify(facts));
}

/** An error as a test looks at it. */
export function describe(error) {
  const { name, message, code, exitCode, cause } = error;
  return { name, message, code, exitCode, cause: cause === undefined ? undefined : describe(cause) };
}
