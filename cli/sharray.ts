#!/usr/bin/env node
/** The command `sharray`. */
import { parseArgs } from "node:util";
import { diagnose } from "./doctor.js";
import { printed } from "./print.js";

const USAGE = `Usage: sharray doctor [--json]
       sharray node --redis redis://HOST:PORT --queue NAME --kernels MODULE [--kernels MODULE ...] [--threads N]
       sharray cluster status --redis redis://HOST:PORT --queue NAME [--json]

doctor          Tells what this machine and this runtime give sharray, tests each strategy for a moment, and says what to do about shortfalls.
node            Runs shards of a queue, of the kernels in these modules alone. The secret is in the variable SHARRAY_SECRET.
cluster status  Tells which nodes serve a queue, and what waits there.
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    redis: { type: "string" },
    queue: { type: "string" },
    kernels: { type: "string", multiple: true },
    threads: { type: "string" },
  },
});
const { redis, queue, kernels, threads } = values;
const command = positionals.join(" ");
if (values.help) process.stdout.write(USAGE);
else if (command === "doctor") process.exitCode = await doctor(values.json);
else if (command === "node" && redis !== undefined && queue !== undefined && kernels !== undefined) {
  const { runNode } = await import("./cluster.js");
  const number = threads === undefined ? undefined : Number(threads);
  process.exitCode = await runNode({ redis, queue, kernels, threads: number });
} else if (command === "cluster status" && redis !== undefined && queue !== undefined) {
  const { printStatus } = await import("./cluster.js");
  process.exitCode = await printStatus(redis, queue, values.json);
} else {
  process.stderr.write(USAGE);
  process.exitCode = 2;
}

async function doctor(isJson: boolean): Promise<number> {
  const found = await diagnose();
  process.stdout.write(isJson ? `${JSON.stringify(found, null, 2)}\n` : printed(found));
  return found.strategies.some(({ ok }) => !ok) ? 1 : 0;
}
