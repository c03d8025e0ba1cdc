/** Node's inspector of this thread, in process: what V8 tells and does only for it. Only files with a twin import it. */
import type { Debugger } from "node:inspector";
import { builtInModule } from "./built-in-module.js";

type Inspector = typeof import("node:inspector");

/** Sends the inspector a command. @throws Error if it does not answer, or answers with one */
export type Post = <R>(method: string, parameters: object) => R;

/** A session of the inspector. */
export interface Session {
  readonly post: Post;
  /** Sends a command that is answered later, or never. */
  send(method: string): void;
  /**
   * Listens to events of a domain that is enabled. They come before the command that causes them returns. No code runs on this thread
   * between the end of the last listener and that of the event.
   */
  on<E extends keyof Events>(event: E, listener: (params: Events[E]) => void): void;
}

export interface OpenSession extends Session {
  close(): void;
}

interface Events {
  readonly "Debugger.scriptParsed": Debugger.ScriptParsedEventDataType;
  readonly "Debugger.paused": Debugger.PausedEventDataType;
}

/**
 * Does `work` in a session of its own.
 * @param runsCode whether code of the program runs meanwhile, which may print something
 * @returns what `work` returns; `undefined` if there is no inspector, or the permission model forbids it
 * @throws what `work` throws
 */
export function inspect<T>(work: (session: Session) => T, runsCode = false): T | undefined {
  const session = openSession(runsCode);
  if (session === undefined) return undefined;
  try {
    return work(session);
  } finally {
    session.close();
  }
}

/** A session, as `inspect` has it, which the caller closes. */
export function openSession(runsCode = false): OpenSession | undefined {
  loaded ??= find() ?? "none";
  if (loaded === "none") return undefined;
  const { Session, url } = loaded;
  const session = new Session();
  try {
    session.connect();
  } catch {
    return undefined;
  }
  return {
    post: (method, parameters) => post(session, method, parameters),
    send: (method) => session.post(method),
    // After this event Node emits no other for a message.
    on: (event, listener) =>
      session.on("inspectorNotification", ({ method, params }: { method: string; params?: never }) => {
        if (method === event) listener(params as never);
      }),
    close() {
      // V8 keeps the console's output of a session, also after its end. A debugger of the user's may ask for it.
      if (runsCode && url() === undefined) session.post("Runtime.discardConsoleEntries");
      session.disconnect();
    },
  };
}

/** Whether a debugger of the user's may be attached to this thread. */
export function mayHaveDebugger(): boolean {
  return !builtInModule("node:worker_threads").isMainThread || find()?.url() !== undefined;
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
