/**
 * Everything that crosses between the two sides of a bridge. A client posts a `Hello` on the endpoint, with a port of
 * its own; the host answers on that port with a `Welcome`, and from then on both call each other there through Comlink.
 */
import type { CallSettings } from "../abstract-executor.js";
import type { Progress, StreamedResult } from "../calls.js";
import type { PlanData } from "../plan/make-plan.js";
import type { Thrown } from "../protocol/thrown.js";
import type { MetricsSnapshot } from "../telemetry/metrics.js";
import type { Answer } from "./errors.js";
import type { WireValues } from "./values.js";
import { VERSION } from "./version.js";
import type { WireCall, WireRequest } from "./wire.js";

/** To be raised when anything in here changes its meaning. */
const PROTOCOL = 1;

const HELLO = "sharray:connect";

/** The two numbers that both sides must have in common. */
export interface Release {
  readonly protocol: number;
  readonly version: string;
}

/** What chunks are cut by is read on the client's side, so both must be the very same release to give the same results. */
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

/** The first message on the port. */
export interface Welcome extends Release {
  /** null: the host does not serve this release. */
  readonly settings: Settings | null;
}

/** What of the executor's configuration counts on the client's side. */
export interface Settings {
  readonly calls: CallSettings;
  readonly maxSharedBytes: number;
  readonly idleTimeout: number | undefined;
}

/** How a call ended. */
export interface CallAnswer {
  readonly answer: Answer<WireValues>;
  /**
   * Nobody touches the call's memory any more: true where it may be used again, false where it never may. null: not yet;
   * `released` will tell.
   */
  readonly released: boolean | null;
}

/** What the host does for a client. */
export interface HostService {
  run(call: WireCall): Promise<CallAnswer>;
  /** The results come by `results`; the answer has none. */
  stream(call: WireCall): Promise<CallAnswer>;
  /** @param reason null: a stream whose loop was left */
  cancel(call: number, reason: Thrown | null): void;
  /** Memory that is gone for good. */
  forget(memory: readonly number[]): void;
  explain(request: WireRequest): Promise<Answer<PlanData>>;
  metrics(): MetricsSnapshot | Promise<MetricsSnapshot>;
  start(): Promise<Answer<void>>;
}

/** What a client does for the host. */
export interface ClientService {
  progress(call: number, progress: Progress): void;
  /** Some results of a stream. Resolves when there is room for more. */
  results(call: number, results: readonly StreamedResult<unknown>[]): Promise<void>;
  released(call: number, isSafe: boolean): void;
}
