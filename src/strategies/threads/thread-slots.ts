/** Makes the slots of a pool of threads. */
import { type Control, type StartOptions } from "./start-worker.js";
import { Slot } from "./slot.js";
import type { SlotOwner } from "./worker-slot.js";

let loaded: Promise<typeof import("./thread-control.js")> | undefined;

/** Loads threads.js at first need. */
function threads(): NonNullable<typeof loaded> {
  loaded ??= import("./thread-control.js");
  return loaded;
}

const control: Control = {
  async spawn(worker) {
    return (await threads()).spawnThread(worker);
  },
  async flush(thread) {
    await (await threads()).flushThread(thread);
  },
  async terminate(thread) {
    await (await threads()).terminateThread(thread);
  },
};

/** @throws Error if no worker can be started */
export function threadSlot(options: StartOptions, number: number, owner: SlotOwner): Slot {
  return new Slot(number, options, control, owner);
}
