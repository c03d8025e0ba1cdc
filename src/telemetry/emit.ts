import { channel } from "node:diagnostics_channel";
import type { Telemetry, TelemetryEvents } from "./events.js";

/** Tells the executor's own listener and the process's (`diagnostics_channel`, `sharray:<event>`). */
export function emit<E extends keyof TelemetryEvents>(
  telemetry: Telemetry | undefined,
  event: E,
  payload: TelemetryEvents[E],
): void {
  const listeners = channel(`sharray:${event}`);
  if (listeners.hasSubscribers) listeners.publish({ ...payload });
  try {
    telemetry?.(...([event, payload] as Parameters<Telemetry>));
  } catch {
    // A listener's mistake is not the call's.
  }
}
