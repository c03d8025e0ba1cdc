/**
 * How endpoints differ. Node's workers and its `parentPort` are event emitters, everything else is an event target. Node's
 * `MessagePort` is both. Only Node's ports decide whether they keep their thread alive.
 */
import { quote } from "../errors.js";

/** A web `Worker`, a `MessagePort`, or the global scope of a web worker. */
export interface EventEndpoint {
  postMessage(message: unknown, transfer: unknown[]): void;
  addEventListener(type: string, listener: (event: { readonly type: string }) => void): void;
  removeEventListener(type: string, listener: (event: { readonly type: string }) => void): void;
  start?(): void;
}

/** A `Worker`, a `MessagePort` or `parentPort` of `node:worker_threads`. */
export interface NodeEndpoint {
  postMessage(message: unknown, transfer: never[]): void;
  on(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
}

/** One end of a way on which two threads exchange messages. */
export type Endpoint = EventEndpoint | NodeEndpoint;

// A worker of Node tells of its end, and a port of its closing. Web workers tell of neither.
const ENDS = ["close", "exit"];

/** Listens to an endpoint. @returns a function that ends this */
export function listen(
  endpoint: Endpoint,
  onMessage: (data: unknown) => void,
  onEnd: () => void,
): () => void {
  if ("on" in endpoint) {
    endpoint.on("message", onMessage);
    for (const end of ENDS) endpoint.on(end, onEnd);
    return () => {
      endpoint.off("message", onMessage);
      for (const end of ENDS) endpoint.off(end, onEnd);
    };
  }
  const onEvent = (event: object): void => onMessage((event as { readonly data?: unknown }).data);
  endpoint.addEventListener("message", onEvent);
  for (const end of ENDS) endpoint.addEventListener(end, onEnd);
  endpoint.start?.();
  return () => {
    endpoint.removeEventListener("message", onEvent);
    for (const end of ENDS) endpoint.removeEventListener(end, onEnd);
  };
}

/** Sets whether a port with listeners keeps its thread alive. In browsers nothing has to. */
export function keepAlive(port: MessagePort, isNeeded: boolean): void {
  const { ref, unref } = port as Partial<Record<"ref" | "unref", () => void>>;
  (isNeeded ? ref : unref)?.call(port);
}

/** @param methods sets of methods, one of which the endpoint must have @throws TypeError */
export function checkEndpoint(endpoint: unknown, call: string, methods: readonly string[][]): void {
  const has = (name: string): boolean =>
    typeof (endpoint as Readonly<Record<string, unknown>>)[name] === "function";
  const isObject = typeof endpoint === "object" && endpoint !== null;
  if (isObject && methods.some((names) => names.every(has))) return;
  throw new TypeError(
    `Cannot call ${call}() as the endpoint must be a Worker, a MessagePort, parentPort or a worker's global scope: ` +
      `current value is ${quote(endpoint)}`,
  );
}
