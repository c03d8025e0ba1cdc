/**
 * How a worker in a browser tells that it lives. Browsers do not tell when a worker has ended, and Chromium lets a busy one go
 * on for up to two seconds after `terminate()`. So a worker holds a lock for as long as it lives. A thread that asks for the
 * same lock gets it once the worker has ended, for whatever reason.
 */
import type { WorkerInit } from "./worker-init.js";

/** The worker's first message. Before it the worker has touched no memory. */
export interface Born {
  readonly sharray: "born";
  /** The lock that the worker holds; `undefined` if the browser has no locks for it (an opaque origin). */
  readonly lock: string | undefined;
}

/** The answer to the first message. It comes only now, because a program's own worker may load this package late. */
export interface Start extends WorkerInit {
  readonly sharray: "start";
}

/** The worker's last message if an uncaught error has ended it. */
export interface Died {
  readonly sharray: "died";
  readonly error: unknown;
  /** The error's own field of that name, which a clone lacks. */
  readonly code: unknown;
}

/** @returns `undefined` if it is a message of threads.js */
export function asLifeSign(data: unknown): Born | Died | undefined {
  return typeof data === "object" && data !== null && "sharray" in data ? (data as Born | Died) : undefined;
}

/**
 * The worker's side. An uncaught error ends the worker, as in Node, and so does a rejection that nobody handles.
 * @param onStart called with the answer to the worker's first message
 */
export async function live(onStart: (init: WorkerInit) => void): Promise<void> {
  const scope = globalThis as unknown as WorkerScope;
  const { close, postMessage } = scope;
  const die = (event: Event, error: unknown): void => {
    event.preventDefault();
    const died: Died = { sharray: "died", error, code: (error as { code?: unknown } | null)?.code };
    try {
      postMessage.call(scope, died);
    } catch {
      postMessage.call(scope, { ...died, error: new Error(String(error)) });
    }
    close.call(scope);
  };
  addEventListener("error", (event) => die(event, event.error ?? new Error(event.message)));
  addEventListener("unhandledrejection", (event) => die(event, event.reason));
  const begin = ({ data }: MessageEvent): void => {
    if ((data as Partial<Start> | null)?.sharray !== "start") return;
    removeEventListener("message", begin);
    onStart(data as Start);
  };
  addEventListener("message", begin);
  const born: Born = { sharray: "born", lock: await holdLock() };
  postMessage.call(scope, born);
}

interface WorkerScope {
  close(): void;
  postMessage(message: unknown): void;
}

/** Holds a lock until this thread ends. @returns its name, once it is held; `undefined` if there are no locks */
function holdLock(): Promise<string | undefined> {
  const name = `sharray-worker-${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    const held = navigator.locks.request(name, () => {
      resolve(name);
      return new Promise(() => {});
    });
    held.catch(() => resolve(undefined));
  });
}
