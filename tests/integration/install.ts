import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { installed, RUN_PREFIX } from "./installed.js";

// What `sharray/otel` and `sharray/cluster` need; the package itself runs without.
const OPTIONAL_PEERS = ["@opentelemetry/api@1", "bullmq@6", "ioredis@5", "pg@8"];
const IS_INSTALLED = "SHARRAY_TEST_INSTALLED";

/**
 * Packs the package and installs it into an empty project, as a user would. Once per run, by the process that began it and
 * for whichever project asks first.
 * @returns removes it
 */
export default function install(): () => void {
  const { run, isOurs, repository, tarball, project } = installed;
  if (!isOurs || process.env[IS_INSTALLED] !== undefined) return () => {};
  process.env[IS_INSTALLED] = "yes";
  removeAbandoned();
  const remove = (): void => rmSync(run, { recursive: true, force: true });
  remove();
  mkdirSync(project, { recursive: true });
  copyRepository();
  const packed = JSON.parse(npm(["pack", "--json", "--pack-destination", run], repository)) as unknown;
  // npm 11 gives a list; later ones a record by package name.
  const [{ filename }] = Object.values(packed as object) as [{ filename: string }];
  renameSync(join(run, basename(filename)), tarball);
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  npm(["install", "--no-audit", "--no-fund", "--prefer-offline", tarball, ...OPTIONAL_PEERS], project);
  cpSync(join(installed.root, "tests/integration/programs"), join(project, "programs"), { recursive: true });
  return remove;
}

/** Packing builds anew: here, rather than under the hands of whoever else uses the repository's `dist`. */
function copyRepository(): void {
  const { root, repository } = installed;
  const left = new Set([".git", "node_modules", "dist"].map((name) => join(root, name)));
  cpSync(root, repository, { recursive: true, filter: (source) => !left.has(source) });
  symlinkSync(join(root, "node_modules"), join(repository, "node_modules"), "dir");
}

/** What runs that were killed have left. */
function removeAbandoned(): void {
  const directory = dirname(installed.run);
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(RUN_PREFIX) || isRunning(Number(name.slice(RUN_PREFIX.length)))) continue;
    const path = join(directory, name);
    // Somebody else's on a shared machine is not ours to remove. Another run may have removed it meanwhile.
    if (statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.())
      rmSync(path, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** @returns what npm prints on its standard output */
export function npm(parameters: readonly string[], cwd: string): string {
  // The test command runs under npm itself, whose settings must not reach the empty project.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith("npm_package_") && name !== "npm_config_local_prefix",
    ),
  );
  return execFileSync("npm", parameters, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}
