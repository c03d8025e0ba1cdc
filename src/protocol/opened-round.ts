/** A round as a worker that takes part reads it in the region. */
import type { ControlBlock } from "./control-block.js";
import { type Descriptor, readDescriptor } from "./descriptor.js";
import type { LeaveWord } from "./leave-word.js";
import type { WakeMessage } from "./messages.js";
import { controlAt, leaveAt, logAt, meterAt, roundLayout } from "./round-layout.js";

export interface OpenedRound {
  readonly descriptor: Descriptor;
  readonly control: ControlBlock;
  readonly order: Uint32Array | undefined;
  /** This worker's own. */
  readonly meter: Float64Array;
  readonly leave: LeaveWord;
  /** This worker's own; `undefined` if nobody traces the call. */
  readonly log: Float64Array | undefined;
}

export function readRound(buffer: SharedArrayBuffer, wake: WakeMessage): OpenedRound {
  const { descriptorBytes, orderLength, workers, participant } = wake;
  const layout = roundLayout(workers, orderLength, descriptorBytes);
  const descriptor = readDescriptor(new Uint8Array(buffer, layout.descriptor, descriptorBytes));
  return {
    descriptor,
    control: controlAt(buffer),
    order: orderLength === 0 ? undefined : new Uint32Array(buffer, layout.order, orderLength),
    meter: meterAt(buffer, participant),
    leave: leaveAt(buffer, participant),
    log: logAt(buffer, layout, participant, descriptor.logged),
  };
}
