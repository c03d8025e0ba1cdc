/** Every message between the caller's thread and a worker of its pool. */
import type { MemoryHandle } from "../memory/wasm-modules.js";
import type { Thrown } from "./thrown.js";

/**
 * The address at which a worker finds a kernel: plain data. Its other fields are known to the kernel's kind only
 * (`src/kernel/kind.ts`).
 */
export interface KernelAddress {
  readonly kind: string;
  /** Name for messages and stack frames, on one line. */
  readonly name: string;
  /** Whether it may hold on to arrays that it returns. */
  readonly stateful: boolean;
  /** Whether it may touch its arrays after its task has ended. */
  readonly lingers: boolean;
  /** `false` if it must not run on several threads of one process. */
  readonly threadSafe?: false;
  /** Bit `i` is set if it is known to write to its parameter `i`. */
  readonly writes: number;
}

/** To a worker: a round to take part in, and what it lacks for that. */
export interface WakeMessage {
  /** Names the round in the worker's answers. */
  readonly round: number;
  /** Id of the round's region. */
  readonly memory: number;
  readonly descriptorBytes: number;
  /** Names the descriptor. The same version in the same memory is the same descriptor. */
  readonly version: number;
  readonly orderLength: number;
  /** Workers that were woken for the round. */
  readonly workers: number;
  /** Which of them this one is, from 0. */
  readonly participant: number;
  /** Handles that this worker lacks, by id. */
  readonly handles: ReadonlyMap<number, MemoryHandle> | null;
  /** The round's kernel; `null` if the worker has it. */
  readonly kernel: KernelAddress | null;
  /** Memory that is gone, whose handles the worker lets go. */
  readonly forget: readonly number[] | null;
  /** Kernels that the worker must forget. The one of this round is not among them. */
  readonly forgetKernels: readonly number[] | null;
}

/** To a worker: it collects its garbage, and answers with what is gone. */
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

/** From a worker: results that do not fit a slot, and at the end that it has left the round. */
export interface ReportMessage {
  readonly round: number;
  readonly values: readonly (readonly [index: number, value: unknown])[];
  readonly failures: readonly (readonly [index: number, thrown: Thrown])[];
  /** Whether this is the worker's last message of the round. From then on it touches none of the round's memory. */
  readonly left: boolean;
  /** Why the worker could not take part at all: its kernel does not load. */
  readonly broken: Thrown | null;
}

/** A worker's first report. */
export interface StartReport {
  /** `null` if it is about no round. */
  readonly round: null;
  /** Why the worker cannot serve: what its initializer threw; `null` if it serves. */
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

/** The `code` of the error by which a worker ends itself if kernels have made it useless. */
export const USELESS = "SHARRAY_WORKER_USELESS";

/** How a worker serves; given to it when it is made. */
export interface WorkerSetup {
  /** Runs once before the first task; `null` if there is none. */
  readonly initializer: KernelAddress | null;
  /** Its doorbell. */
  readonly bell: SharedArrayBuffer;
  /** Whether it waits at its bell at all. */
  readonly parks: boolean;
  /** Whether it may look at its bell for a moment before it sleeps. */
  readonly spins: boolean;
}
