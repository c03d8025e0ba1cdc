/**
 * What a worker in a browser tells of its life. Browsers tell nobody when a worker has ended, least of all one that is
 * busy: Chromium lets it go on for up to two seconds after `terminate()`. So a worker holds a lock for as long as it lives,
 * and whoever asks for the same lock is given it when the worker has ended, in whichever way.
 */
import type { WorkerInit } from "./worker-init.js";

/** The worker's first message. Until then it has touched no memory. */
export interface Born {
  readonly sharray: "born";
  /** The lock that it holds; undefined where the browser has no locks for it (an opaque origin). */
  readonly lock: string | undefined;
}

/** The answer to it: only now is somebody there to hear it, as a program's own worker may load this package late. */
export interface Start extends WorkerInit {
  readonly sharray: "start";
}

/** The worker's last message: an error that nobody caught has ended it. */
export interface Died {
  readonly sharray: "died";
  readonly error: unknown;
  /** Own field of the error, which a clone lacks. */
  readonly code: unknown;
}

/** @returns undefined where it is a message of threads.js */
export function asLifeSign(data: unknown): Born | Died | undefined {
  return typeof data === "object" && data !== null && "sharray" in data ? (data as Born | Died) : undefined;
}

/**
 * The worker's side: gives the signs of life. As in Node, an error that nobody caught ends the worker, a rejection too.
 * @param onStart called with the answer to the first one
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

/** @returns its name, once it is held; it is until this thread ends */
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
