#!/usr/bin/env node
/** The command `sharray`. */
import { parseArgs } from "node:util";
import { diagnose } from "./doctor.js";
import { printed } from "./print.js";

const USAGE = `Usage: sharray doctor [--json]

doctor  Tells what this machine and this runtime give sharray, tests each strategy for a moment, and says what to do about shortfalls.
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
});
const [command, ...rest] = positionals;
if (values.help) process.stdout.write(USAGE);
else if (command !== "doctor" || rest.length > 0) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const found = await diagnose();
  process.stdout.write(values.json ? `${JSON.stringify(found, null, 2)}\n` : printed(found));
  if (found.strategies.some(({ ok }) => !ok)) process.exitCode = 1;
}
