/** Lets Comlink hear only what clients of this package ask. */
import type { Endpoint } from "comlink";

/**
 * The port as Comlink sees it. Without this the other end could read and set whatever can be reached from the exposed object,
 * even `__proto__`. It could make Comlink throw outside of any `catch`.
 * @param methods those that may be called
 */
export function guarded(port: MessagePort, methods: readonly string[]): Endpoint {
  const isRequest = requestsOf(new Set(methods));
  const guards = new Map<unknown, (event: Event) => void>();
  return {
    postMessage: (message, transfer = []) => port.postMessage(message, transfer),
    addEventListener(type, listener) {
      const guard = (event: Event): void => {
        if (isRequest((event as MessageEvent).data)) (listener as EventListener)(event);
      };
      guards.set(listener, guard);
      port.addEventListener(type, guard);
    },
    removeEventListener(type, listener) {
      port.removeEventListener(type, guards.get(listener) as EventListener);
      guards.delete(listener);
    },
    start: () => port.start(),
  };
}

/** Whether it is a call of one of the methods with plain values, or the goodbye. */
function requestsOf(methods: ReadonlySet<unknown>): (data: unknown) => boolean {
  return (data) => {
    if (typeof data !== "object" || data === null) return false;
    const { id, type, path, argumentList } = data as Readonly<Record<string, unknown>>;
    if (typeof id !== "string") return false;
    if (type === "RELEASE") return path === undefined;
    const isMethod = Array.isArray(path) && path.length === 1 && methods.has(path[0]);
    return type === "APPLY" && isMethod && Array.isArray(argumentList) && argumentList.every(isRaw);
  };
}

function isRaw(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as { type?: unknown }).type === "RAW";
}
