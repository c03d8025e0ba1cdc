import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// The main process reads this file first, as part of vitest's configuration; workers inherit its number, so all agree,
// and test runs at the same time do not meet.
process.env["SHARRAY_TEST_RUN"] ??= String(process.pid);

/** Directories of all test runs begin so; the number of the run's main process follows. */
export const RUN_PREFIX = "sharray-test-";

const root = fileURLToPath(new URL("../../", import.meta.url));
// Outside the repository: below it, an import that the package does not declare would find the repository's modules.
const run = join(realpathSync(tmpdir()), `${RUN_PREFIX}${process.env["SHARRAY_TEST_RUN"]}`);
const project = join(run, "project");

/** Where the packed package is, and the empty project it is installed into. */
export const installed = {
  root,
  /** Everything of this run; removed at its end. */
  run,
  /** Whether this process began the run, and so puts everything there and removes it. */
  isOurs: process.env["SHARRAY_TEST_RUN"] === String(process.pid),
  /** A copy of the repository in which the package is built and packed. */
  repository: join(run, "repository"),
  /** The packed package. */
  tarball: join(run, "sharray.tgz"),
  project,
  /** The package as the project has it. */
  package: join(project, "node_modules/sharray"),
  entry: join(project, "node_modules/sharray/dist/index.js"),
};
