/** Node's inspector of this thread, in process: what V8 tells and does only for it. Only files with a twin import it. */
import type { Debugger } from "node:inspector";
import { builtInModule } from "./built-in-module.js";

type Inspector = typeof import("node:inspector");

/** Sends the inspector a command. @throws Error if it does not answer, or answers with one */
export type Post = <R>(method: string, parameters: object) => R;

/** Listens to events of a domain that is enabled. They come before the command that causes them returns. */
export type On = <E extends keyof Events>(event: E, listener: (params: Events[E]) => void) => void;

interface Events {
  readonly "Debugger.scriptParsed": Debugger.ScriptParsedEventDataType;
}

/**
 * Does `work` in a session of its own.
 * @param runsCode whether code of the program runs meanwhile, which may print something
 * @returns what `work` returns; `undefined` if there is no inspector, or the permission model forbids it
 * @throws what `work` throws
 */
export function inspect<T>(work: (post: Post, on: On) => T, runsCode = false): T | undefined {
  loaded ??= find() ?? "none";
  if (loaded === "none") return undefined;
  const session = new loaded.Session();
  try {
    session.connect();
  } catch {
    return undefined;
  }
  try {
    return work(
      (method, parameters) => post(session, method, parameters),
      (event, listener) => session.on(event, ({ params }) => listener(params)),
    );
  } finally {
    // V8 keeps the console's output of a session, also after its end. A debugger of the user's may ask for it.
    if (runsCode && loaded.url() === undefined) session.post("Runtime.discardConsoleEntries");
    session.disconnect();
  }
}

let loaded: Inspector | "none" | undefined;

/** `undefined` if this build of Node has none. */
function find(): Inspector | undefined {
  try {
    return builtInModule("node:inspector");
  } catch {
    return undefined;
  }
}

/** In process, the inspector answers before `post` returns. */
function post<R>(session: InstanceType<Inspector["Session"]>, method: string, parameters: object): R {
  let answer: { readonly error: Error | null; readonly result: unknown } | undefined;
  session.post(method, parameters, (error: Error | null, result: unknown) => {
    answer = { error, result };
  });
  if (answer === undefined || answer.error !== null) {
    throw new Error(`The inspector does not answer ${method}`, { cause: answer?.error });
  }
  return answer.result as R;
}
