#!/usr/bin/env node
/** The command `sharray`. */
import { parseArgs } from "node:util";
import { diagnose } from "./doctor.js";
import { printed } from "./print.js";

const USAGE = `Usage: sharray doctor [--json]
       sharray node STORE --queue NAME --kernels MODULE [--kernels MODULE ...] [--threads N]
       sharray cluster status STORE --queue NAME [--json]

doctor          Tells what this machine and this runtime give sharray, tests each strategy for a moment, and says what to do about shortfalls.
node            Runs shards of a queue, of the kernels in these modules alone. The secret is in the variable SHARRAY_SECRET.
cluster status  Tells which nodes serve a queue, and what waits there.
STORE           --redis redis://HOST:PORT, or --postgres postgres://USER@HOST:PORT/DATABASE
`;

/** @returns `undefined` if an option is unknown, or lacks its value */
function given() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        redis: { type: "string" },
        postgres: { type: "string" },
        queue: { type: "string" },
        kernels: { type: "string", multiple: true },
        threads: { type: "string" },
      },
    });
  } catch {
    return undefined;
  }
}

/** @returns the exit code; `undefined` if there is no such command */
async function run({
  positionals,
  values,
}: NonNullable<ReturnType<typeof given>>): Promise<number | undefined> {
  const { redis, postgres, queue, kernels, threads, json } = values;
  const connection = redis ?? postgres;
  const command = positionals.join(" ");
  if (command === "doctor") return doctor(json);
  if (connection === undefined || queue === undefined) return undefined;
  if (command === "node" && kernels !== undefined) {
    const { runNode } = await import("./cluster.js");
    const number = threads === undefined ? undefined : Number(threads);
    return runNode({ connection, queue, kernels, threads: number });
  }
  if (command !== "cluster status") return undefined;
  const { printStatus } = await import("./cluster.js");
  return printStatus(connection, queue, json);
}

async function doctor(isJson: boolean): Promise<number> {
  const found = await diagnose();
  process.stdout.write(isJson ? `${JSON.stringify(found, null, 2)}\n` : printed(found));
  return found.strategies.some(({ isHere, ok }) => isHere && !ok) ? 1 : 0;
}

const parsed = given();
if (parsed?.values.help === true) {
  process.stdout.write(USAGE);
} else {
  const code = parsed && (await run(parsed));
  if (code === undefined) process.stderr.write(USAGE);
  process.exitCode = code ?? 2;
}
