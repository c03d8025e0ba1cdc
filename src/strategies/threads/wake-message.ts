/** What a worker is told for a round: with what it has not met yet, which it is then taken to know. */
import type { Kernel } from "../../kernel/resolve.js";
import { handleOf, type MemoryHandle } from "../../memory/wasm-modules.js";
import type { KernelAddress, WakeMessage } from "../../protocol/messages.js";
import type { Round } from "../../protocol/round.js";
import type { PlacedJob } from "../strategy.js";
import type { Slot } from "./slot.js";

let lastRound = 0;

/** Names a round. Within 32 bits, as a doorbell has no more: after 2^32 rounds a number comes again. */
export function nextRound(): number {
  lastRound = (lastRound + 1) | 0;
  return lastRound;
}

type Handles = Map<number, MemoryHandle>;

/** @returns the handles, with this one if the worker does not have it */
function tell(
  slot: Slot,
  memory: number,
  buffer: SharedArrayBuffer,
  handles: Handles | null,
): Handles | null {
  const known = slot.knowledge.memory;
  if (known.has(memory)) return handles;
  known.add(memory, buffer.byteLength);
  return (handles ?? new Map()).set(memory, handleOf(buffer));
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
  let handles: Handles | null = null;
  for (const { memory, buffer } of places) handles = tell(slot, memory, buffer, handles);
  handles = tell(slot, block.memory, block.buffer, handles);
  handles = tell(slot, region.id, region.buffer, handles);
  const { knowledge } = slot;
  const lacksKernel = knowledge.meetKernel(kernel.id);
  return {
    round: id,
    memory: region.id,
    descriptorBytes,
    version,
    orderLength,
    workers,
    participant,
    handles,
    kernel: lacksKernel ? kernel.address : null,
    forget: knowledge.memory.takeUntold(),
    forgetKernels: knowledge.takeOldKernels(),
  };
}

/** Bytes of a kernel's address, for telemetry: of its texts beside its name, because all else is small. */
export function addressBytes({ kind: _kind, name: _name, ...where }: KernelAddress): number {
  let bytes = 0;
  for (const field of Object.values<unknown>(where)) if (typeof field === "string") bytes += field.length;
  return bytes;
}
