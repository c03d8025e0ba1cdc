#!/usr/bin/env node
/** The command `sharray`. */
import { parseArgs } from "node:util";
import { diagnose } from "./doctor.js";
import { printed } from "./print.js";

const USAGE = `Usage: sharray doctor [--json]

doctor  Tells what this machine and this runtime give sharray, tests each strategy for a moment, and says what to do about shortfalls.
`;

/** @returns `undefined` if there is no such command or option */
function given(): { readonly json: boolean; readonly help: boolean } | undefined {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
    });
    return values.help || positionals.join(" ") === "doctor" ? values : undefined;
  } catch {
    return undefined;
  }
}

const options = given();
if (options === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else if (options.help) process.stdout.write(USAGE);
else {
  const found = await diagnose();
  process.stdout.write(options.json ? `${JSON.stringify(found, null, 2)}\n` : printed(found));
  if (found.strategies.some(({ isHere, ok }) => isHere && !ok)) process.exitCode = 1;
}
