/**
 * Everything that crosses between the two sides of a bridge. A client posts a `Hello` on the endpoint, with a port of its own. The host
 * answers on that port with a `Welcome`, and from then on Comlink carries questions there. Calls have the port that the welcome brings,
 * and messages of their own, in order.
 */

import type { CallSettings } from "../call/backend.js";
import type { Progress, StreamedResult } from "../call/types.js";
import type { PlanData } from "../plan/make-plan.js";
import type { KernelAddress } from "../protocol/messages.js";
import type { Thrown } from "../protocol/thrown.js";
import type { StrategyName } from "../strategies/registry.js";
import type { MetricsSnapshot } from "../telemetry/metrics.js";
import type { Answer, Failure } from "./error-codec.js";
import type { WireValues } from "./values.js";
import { VERSION } from "./version.js";
import type { WireCall, WireRequest } from "./wire.js";

/** Raise it when anything that crosses changes its meaning. */
const PROTOCOL = 5;

const HELLO = "sharray:connect";

/** What both sides must have in common. */
export interface Release {
  readonly protocol: number;
  readonly version: string;
}

/** The client cuts the chunks, so both sides must be the very same release to give the same results. */
export const RELEASE: Release = { protocol: PROTOCOL, version: VERSION };

export function isSameRelease({ protocol, version }: Release): boolean {
  return protocol === RELEASE.protocol && version === RELEASE.version;
}

/** On the endpoint: a client wants to be served on this port. */
export interface Hello extends Release {
  readonly type: typeof HELLO;
  readonly port: MessagePort;
}

export function hello(port: MessagePort): Hello {
  return { type: HELLO, ...RELEASE, port };
}

/** Endpoints may carry messages of others, too. */
export function isHello(data: unknown): data is Hello {
  if (typeof data !== "object" || data === null) return false;
  const { type, port } = data as Partial<Hello>;
  return type === HELLO && port instanceof MessagePort;
}

/** Whether it is the answer to a `Hello`. Somebody else may have posted anything. */
export function isWelcome(data: unknown): data is Welcome {
  return (
    typeof data === "object" && data !== null && "protocol" in data && "version" in data && "settings" in data
  );
}

/** The first message on the port. */
export interface Welcome extends Release {
  /** `null` if the host does not serve this release. */
  readonly settings: Settings | null;
}

/** The part of the executor's configuration that counts on the client's side. */
export interface Settings {
  /** The port of the calls. */
  readonly port: MessagePort;
  readonly calls: CallSettings;
  readonly maxSharedBytes: number;
  readonly idleTimeout: number | undefined;
}

/**
 * A message of a client about its calls. These are lists, and so is what they hold: an object with as many fields takes up to five
 * times as long to cross (docs/decisions/0011).
 */
export type ToHost =
  | readonly [type: "run", call: WireCall]
  /** The results come as `results`; `done` has none. */
  | readonly [type: "stream", call: WireCall]
  /** Results of a stream were read, and there is room for more. */
  | readonly [type: "taken", call: number]
  /** `null` for a stream whose loop was left. */
  | readonly [type: "cancel", call: number, reason: Thrown | null]
  /** Memory that is gone for good. */
  | readonly [type: "forget", memory: readonly number[]]
  /** Memory that was forgotten before, and is to be freed now, because there is no room. */
  | readonly [type: "collect", memory: readonly number[]]
  /** A message of the host could not be read. The host answers with what it knows. */
  | readonly [type: "unread"]
  /** The last results of a stream could not be read. They come again, one by one. */
  | readonly [type: "again", call: number];

/**
 * A message of the host about a call. `isReleased` tells that nobody touches the call's memory any more, and whether it may be used
 * again; `null` if somebody still does, and `released` will tell.
 */
export type ToClient =
  | readonly [
      type: "done",
      call: number,
      isReleased: boolean | null,
      values: WireValues,
      /** Tasks whose values have come as `value`. */
      apart: readonly number[],
    ]
  | readonly [type: "failed", call: number, isReleased: boolean | null, failure: Failure]
  | readonly [type: "released", call: number, isSafe: boolean]
  | readonly [type: "progress", call: number, progress: Progress]
  /** The garbage collectors of the host and of its workers have freed this memory. */
  | readonly [type: "collected", memory: readonly number[]]
  /** Results of a stream. The next ones come once these were taken. */
  | readonly [type: "results", call: number, results: readonly StreamedResult<unknown>[]]
  /** A value that may be hard to read. It comes before its call's end. */
  | readonly [type: "value", call: number, index: number, value: unknown]
  | readonly [type: "known", known: Known]
  /** A question could not be read. */
  | readonly [type: "unasked"];

/**
 * What the host knows, told when a message could not be read on either side. Messages keep their order. So what the host has
 * posted before has come or is lost, and the client sees which of the two.
 */
export interface Known {
  /** Messages of the client that have come, read or not. */
  readonly heard: number;
  /** Whether one of those could not be read. */
  readonly hasUnread: boolean;
  /** Calls that have not ended. */
  readonly running: readonly (readonly [
    call: number,
    /** How many times a stream has sent results. */
    batches: number,
    /** The tasks whose results it sent last. */
    last: readonly number[],
  ])[];
  /** Calls that have ended and whose memory may still be touched. */
  readonly held: readonly number[];
}

const TO_HOST: ReadonlySet<unknown> = new Set([
  "run",
  "stream",
  "taken",
  "cancel",
  "forget",
  "unread",
  "again",
  "collect",
]);
const TO_CLIENT: ReadonlySet<unknown> = new Set([
  "done",
  "failed",
  "released",
  "progress",
  "results",
  "value",
  "known",
  "unasked",
  "collected",
]);

/** The other end of a port may post anything. */
export function isToHost(data: unknown): data is ToHost {
  return Array.isArray(data) && TO_HOST.has(data[0]);
}

export function isToClient(data: unknown): data is ToClient {
  return Array.isArray(data) && TO_CLIENT.has(data[0]) && (data[0] !== "collected" || Array.isArray(data[1]));
}

/** What a client may ask the host. */
export interface HostService {
  explain(kernel: KernelAddress, request: WireRequest): Promise<Answer<PlanData<StrategyName>>>;
  metrics(): MetricsSnapshot | Promise<MetricsSnapshot>;
  start(): Promise<Answer<void>>;
}
