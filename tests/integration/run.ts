import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { installed } from "./installed.js";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from its start. */
  readonly duration: number;
}

export interface RunOptions {
  /** What runs the program; the Node of this process by default. */
  readonly node?: string;
  /** Working directory; the project that has the package installed by default. */
  readonly cwd?: string;
  /** Text for its standard input. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which it is killed: a bound for failures only. */
  readonly timeout?: number;
  /** Looks at what it has printed so far, and may act on it. */
  readonly onOutput?: (stdout: string, child: ChildProcess) => void;
  /** Gets the process, to act on it. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** A file of `programs/`, in the project that has the package installed. */
export function program(name: string): string {
  return join(installed.project, "programs", name);
}

/** Runs Node as a user does, with these arguments. Rejects when it does not end. */
export async function runNode(parameters: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const {
    node = process.execPath,
    cwd = installed.project,
    input,
    timeout = 50_000,
    onOutput,
    onStart,
  } = options;
  const started = performance.now();
  // NODE_OPTIONS and Vitest's own variables are no user's.
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { ...definedOf({ PATH, HOME, TMPDIR }), ...options.env };
  const child = spawn(node, parameters, {
    cwd,
    env,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  onStart?.(child);
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    onOutput?.(stdout, child);
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin?.end(input);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, timeout);
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  if (isLate) {
    throw new Error(
      `${parameters.join(" ")} did not end within ${timeout} ms. It printed:\n${stdout}${stderr}`,
    );
  }
  return { code, signal, stdout, stderr, duration: performance.now() - started };
}

/** Runs a program that ends well and prints one line of JSON. @returns what it told */
export async function facts<T = unknown>(
  name: string,
  parameters: readonly string[] = [],
  options: RunOptions = {},
): Promise<T> {
  const { code, signal, stdout, stderr } = await runNode([program(name), ...parameters], options);
  if (code !== 0 || stderr !== "") {
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    throw new Error(`${name} ${parameters.join(" ")} ended ${how}. It printed:\n${stdout}${stderr}`);
  }
  return JSON.parse(stdout) as T;
}

function definedOf(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry) => entry[1] !== undefined)) as Record<
    string,
    string
  >;
}
