/** Every message between the caller's thread and a worker of its pool. */
import type { Thrown } from "./thrown.js";

/** How a worker gets at a kernel: by source text, or from a module. */
export type KernelAddress =
  | {
      readonly type: "inline";
      readonly source: string;
      readonly name: string;
      readonly stateful: boolean;
      readonly lingers: boolean;
      readonly writes: number;
    }
  | { readonly type: "module"; readonly url: string; readonly name: string; readonly threadSafe: boolean };

/** To a worker: what it has not met yet, and a round to take part in. */
export interface WakeMessage {
  /** Names the round in the worker's answers. */
  readonly round: number;
  /** Memory of the round's region. */
  readonly memory: number;
  readonly descriptorBytes: number;
  /** Names the descriptor: one of the same memory and version is the same. */
  readonly version: number;
  readonly orderLength: number;
  /** Workers that were woken for the round. */
  readonly workers: number;
  /** Which of them this one is, from 0. */
  readonly participant: number;
  /** Handles that this worker lacks, by id. */
  readonly handles: ReadonlyMap<number, SharedArrayBuffer> | null;
  /** The round's kernel where this worker lacks it. */
  readonly kernel: KernelAddress | null;
  /** Memory that is gone: the worker lets its handles go. */
  readonly forget: readonly number[] | null;
  /** Kernels that this worker is taken not to have any more: not the one of this round. */
  readonly forgetKernels: readonly number[] | null;
}

/** To a worker: its garbage is in the way. It collects it, and answers with what is gone. */
export interface CollectMessage {
  readonly round: null;
  /** As in a wake message. */
  readonly forget: readonly number[] | null;
}

export type WorkerMessage = WakeMessage | CollectMessage;

/** From a worker: it has collected its garbage. */
export interface CollectedReport {
  readonly round: null;
  /** Memory that it was told to let go and can't reach any more. */
  readonly gone: readonly number[];
}

/** From a worker: results that do not fit a slot, and at the end that it left the round. */
export interface ReportMessage {
  readonly round: number;
  readonly values: readonly (readonly [index: number, value: unknown])[];
  readonly failures: readonly (readonly [index: number, thrown: Thrown])[];
  /** Set on the worker's last message of the round: from then on it touches none of the round's memory. */
  readonly left: boolean;
  /** The worker could not take part at all: its kernel does not load. */
  readonly broken: Thrown | null;
}

/** A worker's first report. */
export interface StartReport {
  /** It is about none. */
  readonly round: null;
  /** Why the worker cannot serve: what its initializer threw; null: it serves. */
  readonly broken: Thrown | null;
}

/** What a worker sends. */
export type AnyReport = ReportMessage | StartReport | CollectedReport;

/** Kernels can reach the port of their worker, and may post anything there. */
export function isReport(data: unknown): data is AnyReport {
  if (typeof data !== "object" || data === null) return false;
  if ("gone" in data) return Array.isArray(data.gone) && (data as Partial<CollectedReport>).round === null;
  const { round, values, failures, left, broken } = data as Partial<Record<keyof ReportMessage, unknown>>;
  if (typeof broken !== "object") return false;
  if (round === null) return true;
  return typeof round === "number" && typeof left === "boolean" && areEntries(values) && areEntries(failures);
}

function areEntries(list: unknown): boolean {
  if (!Array.isArray(list)) return false;
  for (const entry of list) if (!Array.isArray(entry) || !(entry[0] >= 0)) return false;
  return true;
}

/** The `code` of the error by which a worker ends itself that kernels have made useless. */
export const USELESS = "SHARRAY_WORKER_USELESS";

/** How a worker serves; given to it when it is made. */
export interface WorkerSetup {
  /** Run once before the first task; null for none. */
  readonly initializer: KernelAddress | null;
  /** Its doorbell. */
  readonly bell: SharedArrayBuffer;
  /** Does it wait at its bell at all? */
  readonly parks: boolean;
  /** May it keep looking at the bell for a moment before it waits? */
  readonly spins: boolean;
}
