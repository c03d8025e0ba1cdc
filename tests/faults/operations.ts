/**
 * Loaded before everything else, in workers too (`--import`): counts the steps of the protocol in a worker, so that a fault can
 * end it between any two of them. These are atomic operations, and reads and writes of a child process. It also lets a fault spoil
 * or tear a message, and the transit file be short of room.
 */
import fs from "node:fs";
import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";
import { isInSequence, tasksSide } from "./board.js";

declare global {
  /** Of a worker: so many steps of the protocol from now on it ends; `undefined` if it does not. */
  var operationsLeft: number | undefined;
  /** Of a worker: its next report can't be read by the calling thread. */
  var spoilsMessage: boolean | undefined;
  /** Of a child process: it ends in the middle of its next message. */
  var tearsMessage: boolean | undefined;
  var tasksSideOfBoards: typeof tasksSide;
}
globalThis.tasksSideOfBoards = tasksSide;

/** In the environment: the bytes that the transit file may have. */
export const ROOM = "SHARRAY_FAULTS_ROOM";

const isChild = isMainThread && isInSequence();

function step(): void {
  if (globalThis.operationsLeft === undefined) return;
  globalThis.operationsLeft -= 1;
  if (globalThis.operationsLeft < 0) process.exit(74);
}

const NAMES = ["add", "sub", "load", "store", "exchange", "compareExchange", "wait"] as const;
type Operation = (array: unknown, index: unknown, value: unknown, last: unknown) => unknown;

const atomics = Atomics as unknown as Record<string, Operation>;
for (const name of isMainThread && !isChild ? [] : NAMES) {
  const operation = atomics[name] as Operation;
  atomics[name] = (array, index, value, last) => {
    step();
    return operation(array, index, value, last);
  };
}

if (!isMainThread) {
  const { prototype } = MessagePort;
  const { postMessage } = prototype as { postMessage(message: unknown, transfer?: unknown): void };
  prototype.postMessage = function (this: MessagePort, message: object, transfer?: unknown) {
    const isSpoilt = globalThis.spoilsMessage === true && "values" in message;
    if (isSpoilt) globalThis.spoilsMessage = false;
    // Deeper than the calling thread can read, though the worker can write it.
    let deep: unknown = null;
    for (let i = 0; i < 5000 && isSpoilt; i++) deep = { deep };
    postMessage.call(this, isSpoilt ? { ...message, deep } : message, transfer);
  } as typeof prototype.postMessage;
}

const HEADER_BYTES = 8;

if (isChild) {
  const { prototype } = Socket;
  const { write } = prototype as { write(bytes: Uint8Array): boolean };
  prototype.write = function (this: Socket, bytes: Uint8Array) {
    step();
    if (globalThis.tearsMessage === true) {
      // Nothing is left in this process's memory that could follow.
      fs.writeSync(3, bytes, 0, bytes.length >> 1);
      process.kill(process.pid, "SIGKILL");
    }
    const valuesAt = HEADER_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (globalThis.spoilsMessage === true && valuesAt > HEADER_BYTES && valuesAt < bytes.length) {
      globalThis.spoilsMessage = false;
      bytes.fill(0xff, valuesAt);
    }
    return write.call(this, bytes);
  } as typeof prototype.write;
  const { readSync } = fs;
  fs.readSync = ((...given: Parameters<typeof readSync>) => {
    step();
    return readSync(...given);
  }) as typeof readSync;
}

const { writeSync } = fs;
fs.writeSync = ((...given: Parameters<typeof writeSync>) => {
  const [, , , length, at] = given as unknown as [unknown, unknown, unknown, number, number?];
  if (isChild) step();
  const room = process.env[ROOM];
  if (room !== undefined && at != null && at + length > Number(room))
    throw Object.assign(new Error("the transit file is full"), { code: "ENOSPC" });
  return writeSync(...given);
}) as typeof writeSync;
