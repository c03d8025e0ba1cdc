/** One tool chain: a project that is installed, built and run as its users do. */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { transformSync } from "esbuild";
import { chromium } from "playwright-core";
import { findChromium, launchOptions } from "../browser/found.js";
import { ISOLATED, serve } from "../browser/serve.js";
import { nodeOf } from "../matrix/node.js";

type Kernels = "inline" | "module";

/** The field `toolchain` of a project's package.json. */
interface Description {
  readonly title: string;
  readonly group: string;
  /** Folders of `programs` that the project gets, each over the one before, and files of its own over all. */
  readonly programs: readonly string[];
  /** The package whose version counts; `undefined` if that of Node does. */
  readonly of?: string;
  readonly kernels: readonly Kernels[];
  /** Whether the runtime does not tell what variables hold. */
  readonly refusesCaptures?: boolean;
  /** Versions of Node to run under; the present one by default. */
  readonly nodes?: readonly string[];
  readonly installer?: "pnpm" | "yarn";
  /** The folder of the page that Chromium opens, instead of a script "start". */
  readonly page?: string;
  readonly quick?: boolean;
  readonly remark?: string;
}

export interface Chain extends Description {
  readonly name: string;
  readonly folder: string;
  readonly quick: boolean;
  readonly commands: { readonly build?: string; readonly start?: string };
}

/** What came of a chain under one version of Node. */
export interface Row {
  readonly version: string;
  /** Whether all its kernels ran. */
  readonly passed: boolean;
}

interface Manifest {
  readonly version: string;
  readonly scripts: Chain["commands"];
  readonly toolchain: Description;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

export function readChain(folder: string): Chain {
  const { toolchain, scripts } = manifestOf(folder);
  return { ...toolchain, quick: toolchain.quick ?? false, name: basename(folder), folder, commands: scripts };
}

const ANSWERS: Readonly<Record<Kernels, string>> = {
  inline: "inline kernel: 49995000",
  module: "module kernel: 19998",
};

/** Of Node under Jest, and of what injects a program into an executable. */
const WARNINGS_OF_TOOLS = /^.*(VM Modules is an experimental|--trace-warnings|Can't find string offset).*$/gm;

export interface Outcome {
  /** The version of Node that was asked for; "" for the present one. */
  readonly node: string;
  readonly row: Row;
  /** Why it failed; `undefined` if it passed. */
  readonly fault: string | undefined;
  readonly seconds: number;
}

/** Runs a chain under each of its versions of Node. */
export async function* runChain(chain: Chain, home: string, tarball: string): AsyncGenerator<Outcome> {
  const project = join(home, chain.name);
  for (const node of chain.nodes ?? [""]) {
    const started = performance.now();
    let version = "";
    let fault: string | undefined;
    try {
      const run = runnerFor(project, node);
      if (node === (chain.nodes?.[0] ?? "")) await install(chain, project, tarball, run);
      version = await versionOf(chain, project, run);
      const { build, start } = chain.commands;
      const told = build === undefined ? "" : await run(build);
      const printed =
        chain.page === undefined ? await run(start as string) : await open(join(project, chain.page));
      const missing = chain.kernels.filter((kind) => !printed.includes(ANSWERS[kind]));
      const captured = `captured variable: ${chain.refusesCaptures === true ? "KernelCaptureError" : "10,20"}`;
      // Pages print no such line.
      if (chain.page === undefined && !printed.includes(captured)) fault = `No "${captured}" in:\n${printed}`;
      const output = told + printed;
      if (/warn|\(!\)/i.test(output.replace(WARNINGS_OF_TOOLS, ""))) fault = `A warning in:\n${output}`;
      if (missing.length > 0) fault = `No answer of ${missing.join(" and ")} kernels in:\n${printed}`;
    } catch (error) {
      fault = (error as Error).message;
    }
    const seconds = (performance.now() - started) / 1000;
    yield { node, row: { version, passed: fault === undefined }, fault, seconds };
  }
}

type Run = (command: string, seconds?: number) => Promise<string>;

/** Puts the project there anew, except for what is installed already. */
async function install(chain: Chain, project: string, tarball: string, run: Run): Promise<void> {
  mkdirSync(project, { recursive: true });
  const stays = /^(node_modules|\.yarn|\.pnp\..*|\.yarnrc\.yml|.*lock.*|sharray\.tgz)$/;
  for (const name of readdirSync(project)) {
    if (!stays.test(name)) rmSync(join(project, name), { recursive: true });
  }
  const programs = join(dirname(chain.folder), "programs");
  writeCheck(join(programs, "check.ts"), project, chain.programs[0] as string);
  for (const name of chain.programs) cpSync(join(programs, name), project, { recursive: true });
  cpSync(chain.folder, project, { recursive: true });
  cpSync(tarball, join(project, "sharray.tgz"));
  await run(INSTALL[chain.installer ?? "npm"], 600);
}

/** What every chain runs, in the language of its program. */
function writeCheck(source: string, project: string, program: string): void {
  if (program.startsWith("ts")) {
    cpSync(source, join(project, "check.ts"));
    return;
  }
  const format = program === "cjs" ? "cjs" : "esm";
  const { code } = transformSync(readFileSync(source, "utf8"), { loader: "ts", format });
  writeFileSync(join(project, "check.js"), code);
}

const INSTALL = {
  npm: "npm install --no-audit --no-fund --prefer-offline --no-save --no-package-lock ./sharray.tgz",
  pnpm: "npx --yes pnpm@12.4.2 add ./sharray.tgz",
  // Yarn has a registry of its own, and is to use npm's.
  yarn: 'YARN_NPM_REGISTRY_SERVER="$(npm config get registry)" npx --yes -p @yarnpkg/cli-dist@4 yarn add sharray@file:./sharray.tgz',
};

async function versionOf(chain: Chain, project: string, run: Run): Promise<string> {
  if (chain.installer === "pnpm") return (await run("npx --yes pnpm@12.4.2 --version")).trim();
  if (chain.installer === "yarn")
    return (await run("npx --yes -p @yarnpkg/cli-dist@4 yarn --version")).trim();
  if (chain.of === undefined) return (await run("node --version")).trim().slice(1);
  return manifestOf(join(project, "node_modules", chain.of)).version;
}

/** Runs commands in the project, under a version of Node. */
function runnerFor(project: string, version: string): Run {
  const before = [join(project, "node_modules/.bin")];
  if (version !== "") before.unshift(dirname(nodeOf(version)));
  // What this command runs under is no user's.
  const { PATH, HOME, TMPDIR, NODE_EXTRA_CA_CERTS } = process.env;
  const env = {
    ...{
      HOME,
      TMPDIR,
      NODE_EXTRA_CA_CERTS,
      CHROMIUM: findChromium(),
      CI: "true",
      NEXT_TELEMETRY_DISABLED: "1",
    },
    PATH: [...before, PATH].join(delimiter),
  };
  return (command, seconds = 180) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, {
        shell: true,
        cwd: project,
        env,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let printed = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          printed += text;
        });
      }
      // The shell's children, too.
      const timer = setTimeout(() => process.kill(-(child.pid as number), "SIGKILL"), seconds * 1000);
      child.on("close", (code, signal) => {
        clearTimeout(timer);
        if (code === 0) resolve(printed);
        else reject(new Error(`"${command}" ended with ${signal ?? code}:\n${printed}`));
      });
    });
}

/** @returns what the page has written to the console by its end */
async function open(folder: string): Promise<string> {
  if (!existsSync(join(folder, "index.html"))) throw new Error(`There is no page in ${folder}`);
  await using served = await serve(folder, ISOLATED);
  const browser = await chromium.launch(launchOptions());
  try {
    const page = await browser.newPage();
    let printed = "";
    const ended = new Promise<void>((resolve) => {
      page.on("console", (message) => {
        printed += `${message.text()}\n`;
        if (/^(done|failed)/.test(message.text())) resolve();
      });
      page.on("pageerror", (error) => {
        printed += `${error.stack}\n`;
        resolve();
      });
      setTimeout(resolve, 30_000).unref();
    });
    await page.goto(served.url);
    await ended;
    return printed;
  } finally {
    await browser.close();
  }
}
