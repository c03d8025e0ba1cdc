/**
 * WebAssembly modules among a call's values. In tables of arrays each is an empty array on shared memory of its own. Threads are
 * sent the module in the place of that memory's handle, once, and so share its compiled code.
 */

/** A `WebAssembly.Module`. Not by that name: public types must need neither those of a page nor those of Node. */
type WasmModule = object;

/** What crosses threads for a piece of shared memory. */
export type MemoryHandle = SharedArrayBuffer | WasmModule;

const standIns = new WeakMap<WasmModule, Uint8Array<SharedArrayBuffer>>();
const modules = new WeakMap<ArrayBufferLike, WasmModule>();

/** Whether the value is a module, and the thread has shared memory to name it by. */
export function isWasmModule(value: object): boolean {
  // By its tag: one of another realm is no instance of this one's class.
  return (
    Object.prototype.toString.call(value) === "[object WebAssembly.Module]" &&
    "SharedArrayBuffer" in globalThis
  );
}

/**
 * The array that is in the place of a module: the same one each time.
 * @param module `isWasmModule` says so
 */
export function standInFor(module: object): Uint8Array<SharedArrayBuffer> {
  let standIn = standIns.get(module);
  if (standIn === undefined) {
    standIn = new Uint8Array(new SharedArrayBuffer(0));
    standIns.set(module, standIn);
    modules.set(standIn.buffer, module);
  }
  return standIn;
}

/** The module in whose place an array on this memory is; `undefined` if it is none. */
export function moduleOf(buffer: ArrayBufferLike): WasmModule | undefined {
  return buffer.byteLength === 0 ? modules.get(buffer) : undefined;
}

/** What is sent for this memory. */
export function handleOf(buffer: SharedArrayBuffer): MemoryHandle {
  return moduleOf(buffer) ?? buffer;
}

/** The memory that a handle stands for on this thread. */
export function memoryOf(handle: MemoryHandle): SharedArrayBuffer {
  return isWasmModule(handle) ? standInFor(handle).buffer : (handle as SharedArrayBuffer);
}
