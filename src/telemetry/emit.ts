import { type Channel, channel } from "../platform/channels.js";
import { isPromise } from "../platform/maybe-promise.js";
import type { ChannelMessages, Telemetry, TelemetryEvents } from "./events.js";

// Held for good: Node 20 forgets a channel with its subscribers when an earlier object of the same name is collected.
const channels = new Map<string, Channel>();

function channelOf(name: keyof ChannelMessages): Channel {
  let known = channels.get(name);
  if (known === undefined) {
    known = channel(`sharray:${name}`);
    channels.set(name, known);
  }
  return known;
}

/** Whether anybody in this process listens to `sharray:<name>`. */
export function isHeard(name: keyof ChannelMessages): boolean {
  return channelOf(name).hasSubscribers;
}

/** Tells the process (`diagnostics_channel`, `sharray:<name>`). */
export function publish<N extends keyof ChannelMessages>(name: N, message: ChannelMessages[N]): void {
  const listeners = channelOf(name);
  if (listeners.hasSubscribers) listeners.publish(message);
}

/** Tells the executor's own listener and the process. */
export function emit<E extends keyof TelemetryEvents>(
  telemetry: Telemetry | undefined,
  event: E,
  payload: TelemetryEvents[E],
): void {
  publish<keyof TelemetryEvents>(event, payload);
  if (telemetry === undefined) return;
  // A listener's error does not fail the call. That of an async listener does not end the process.
  const forgive = (): void => {};
  try {
    const told: unknown = telemetry(...([event, payload] as unknown as Parameters<Telemetry>));
    if (isPromise(told)) told.then(undefined, forgive);
  } catch {
    forgive();
  }
}
