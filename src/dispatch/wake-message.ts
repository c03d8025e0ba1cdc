/** What a worker is told for a round: with what it has not met yet, which it is then taken to know. */
import type { Kernel } from "../kernel/resolve.js";
import type { Place } from "../memory/placement.js";
import type { KernelAddress, WakeMessage } from "../protocol/messages.js";
import type { Round } from "../protocol/round.js";
import type { Slot } from "./slot.js";

/** Where the job's memory is, for workers. */
export interface PlacedJob {
  /** The array table. */
  readonly places: readonly Place[];
  readonly block: Memory;
}

interface Memory {
  readonly memory: number;
  readonly buffer: SharedArrayBuffer;
}

let lastRound = 0;

/** Names a round. Within 32 bits, as a doorbell has no more: after 2^32 rounds a number comes again. */
export function nextRound(): number {
  lastRound = (lastRound + 1) | 0;
  return lastRound;
}

/** @param id names the round in the worker's answers */
export function wakeMessage(
  slot: Slot,
  id: number,
  participant: number,
  { region, descriptorBytes, version, orderLength, workers }: Round,
  kernel: Kernel,
  { places, block }: PlacedJob,
): WakeMessage {
  let handles: Map<number, SharedArrayBuffer> | null = null;
  const tell = (memory: number, buffer: SharedArrayBuffer): void => {
    if (slot.knownMemory.has(memory)) return;
    slot.knownMemory.add(memory);
    handles ??= new Map();
    handles.set(memory, buffer);
  };
  for (const { memory, buffer } of places) tell(memory, buffer);
  tell(block.memory, block.buffer);
  tell(region.id, region.buffer);
  const isKnown = slot.knownKernels.has(kernel.id);
  if (!isKnown) slot.knownKernels.add(kernel.id);
  return {
    round: id,
    memory: region.id,
    descriptorBytes,
    version,
    orderLength,
    workers,
    participant,
    handles,
    kernel: isKnown ? null : kernel.address,
    forget: slot.toForget.length === 0 ? null : slot.toForget.splice(0),
  };
}

/** Bytes of a kernel's address, for telemetry. */
export function addressBytes(address: KernelAddress): number {
  return address.type === "inline" ? address.source.length : address.url.length;
}
