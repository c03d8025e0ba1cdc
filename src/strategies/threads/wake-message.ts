/** What a worker is told for a round, with the memory and the kernel that it lacks. From then on it counts as knowing them. */
import { handleOf, type MemoryHandle } from "../../memory/wasm-modules.js";
import type { KernelAddress, WakeMessage } from "../../protocol/messages.js";
import type { SharedJob } from "../strategy.js";
import type { WorkerKnowledge } from "./worker-knowledge.js";
import type { Invitation } from "./worker-slot.js";

let lastRound = 0;

/** Names a round. A number has 32 bits, as many as a doorbell has. So after 2^32 rounds a number comes again. */
export function nextRound(): number {
  lastRound = (lastRound + 1) | 0;
  return lastRound;
}

type Handles = Map<number, MemoryHandle>;

/** @returns the handles, with this one if the worker does not have it */
function tell(
  { memory: known }: WorkerKnowledge,
  memory: number,
  buffer: SharedArrayBuffer,
  handles: Handles | null,
): Handles | null {
  if (known.has(memory)) return handles;
  known.add(memory, buffer.byteLength);
  return (handles ?? new Map()).set(memory, handleOf(buffer));
}

/** What a worker thread is told of a round. */
export function wakeMessage(
  knowledge: WorkerKnowledge,
  { id, participant, round, job, placed }: Invitation,
): WakeMessage {
  const { region, descriptorBytes, version, orderLength, workers } = round;
  const { places, block } = placed as SharedJob;
  const { kernel } = job.parts;
  let handles: Handles | null = null;
  for (const { memory, buffer } of places) handles = tell(knowledge, memory, buffer, handles);
  handles = tell(knowledge, block.memory, block.buffer, handles);
  handles = tell(knowledge, region.id, region.buffer, handles);
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

/** Bytes of a kernel's address, for telemetry: those of its texts, because all else is small. */
export function addressBytes({ kind: _kind, name: _name, ...where }: KernelAddress): number {
  let bytes = 0;
  for (const field of Object.values<unknown>(where)) if (typeof field === "string") bytes += field.length;
  return bytes;
}
