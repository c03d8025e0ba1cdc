import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installed } from "./installed.js";

/** Packs the package and installs it into an empty project, as a user would. Once per run. */
export default function install(): void {
  const { root, project } = installed;
  rmSync(project, { recursive: true, force: true });
  mkdirSync(project, { recursive: true });
  const packed = JSON.parse(npm(["pack", "--json", "--pack-destination", project], root)) as unknown;
  // npm 11 gives a list; later ones a record by package name.
  const [{ filename }] = Object.values(packed as object) as [{ filename: string }];
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  npm(["install", "--no-audit", "--no-fund", "--prefer-offline", join(project, filename)], project);
}

function npm(parameters: string[], cwd: string): string {
  // The test command runs under npm itself, whose settings must not reach the empty project.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith("npm_package_") && name !== "npm_config_local_prefix",
    ),
  );
  return execFileSync("npm", parameters, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}
