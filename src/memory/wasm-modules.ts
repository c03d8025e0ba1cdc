/**
 * WebAssembly modules among a call's values. In tables of arrays each is an empty array on shared memory of its own. Threads are
 * sent the module in the place of that memory's handle, once, and so share its compiled code.
 */

/**
 * A `WebAssembly.Module`. It has no type of that name, because public types must work without the types of a page or of Node.
 */
type WasmModule = object;

/** What crosses threads for a piece of shared memory. */
export type MemoryHandle = SharedArrayBuffer | WasmModule;

const standIns = new WeakMap<WasmModule, Uint8Array<SharedArrayBuffer>>();
const modules = new WeakMap<ArrayBufferLike, WasmModule>();

/** Whether the value is a module, and the thread has shared memory for its name. */
export function isWasmModule(value: object): boolean {
  // Judged by its tag, because a module of another realm is no instance of this one's class.
  return (
    Object.prototype.toString.call(value) === "[object WebAssembly.Module]" &&
    "SharedArrayBuffer" in globalThis
  );
}

/** The array in the place of a module: the same one each time. @param module a value that `isWasmModule` accepts */
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

/** The memory of a handle on this thread. */
export function memoryOf(handle: MemoryHandle): SharedArrayBuffer {
  return isWasmModule(handle) ? standInFor(handle).buffer : (handle as SharedArrayBuffer);
}
