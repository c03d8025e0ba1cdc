import { channel } from "node:diagnostics_channel";
import type { ChannelMessages, Telemetry, TelemetryEvents } from "./events.js";

/** Does anybody in this process listen to `sharray:<name>`? */
export function isHeard(name: keyof ChannelMessages): boolean {
  return channel(`sharray:${name}`).hasSubscribers;
}

/** Tells the process (`diagnostics_channel`, `sharray:<name>`). The message is made only where somebody listens. */
export function publish<N extends keyof ChannelMessages>(name: N, message: () => ChannelMessages[N]): void {
  const listeners = channel(`sharray:${name}`);
  if (listeners.hasSubscribers) listeners.publish(message());
}

/** Tells the executor's own listener and the process. The payload is made once, where somebody listens. */
export function emit<E extends keyof TelemetryEvents>(
  telemetry: Telemetry | undefined,
  event: E,
  payload: () => TelemetryEvents[E],
): void {
  let made: TelemetryEvents[E] | undefined;
  const once = (): TelemetryEvents[E] => {
    made ??= payload();
    return made;
  };
  publish<keyof TelemetryEvents>(event, once);
  if (telemetry === undefined) return;
  try {
    telemetry(...([event, once()] as unknown as Parameters<Telemetry>));
  } catch {
    // A listener's mistake is not the call's.
  }
}
