/** A histogram of bytes, counted by WebAssembly. Each task has an instance of its own, over memory that it copies its chunk to. */
import { numbers, type Workload } from "./workload.js";

const pixels = Uint8Array.from(numbers(100_000, 251));

/** `count(end)` counts the bytes from 1024 to `end`: byte b as the 32 bits at 4·b. Its memory is of two pages. */
const histogram = new WebAssembly.Module(
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x05, 0x01, 0x60, 0x01, 0x7f, 0x00], // type: (i32) => ()
    ...[0x03, 0x02, 0x01, 0x00], // one function
    ...[0x05, 0x03, 0x01, 0x00, 0x02], // one memory
    ...[0x07, 0x12, 0x02, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00], // export memory
    ...[0x05, 0x63, 0x6f, 0x75, 0x6e, 0x74, 0x00, 0x00], // export count
    ...[0x0a, 0x36, 0x01, 0x34, 0x01, 0x02, 0x7f], // code: locals at, slot
    ...[0x41, 0x80, 0x08, 0x21, 0x01], // at = 1024
    ...[0x02, 0x40, 0x03, 0x40, 0x20, 0x01, 0x20, 0x00, 0x4f, 0x0d, 0x01], // until at >= end
    ...[0x20, 0x01, 0x2d, 0x00, 0x00, 0x41, 0x02, 0x74, 0x22, 0x02], // slot = byte at `at` << 2
    ...[0x20, 0x02, 0x28, 0x02, 0x00, 0x41, 0x01, 0x6a, 0x36, 0x02, 0x00], // the count at slot += 1
    ...[0x20, 0x01, 0x41, 0x01, 0x6a, 0x21, 0x01], // at += 1
    ...[0x0c, 0x00, 0x0b, 0x0b, 0x0b],
  ]),
);

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly count: (end: number) => void;
}

export const wasmHistogram: Workload = {
  run: (executor) =>
    executor.reduceShared(
      pixels,
      (part) => {
        const { memory, count } = new WebAssembly.Instance(histogram).exports as unknown as Exports;
        new Uint8Array(memory.buffer).set(part, 1024);
        count(1024 + part.length);
        return new Uint32Array(memory.buffer, 0, 256);
      },
      (a, b) => a.map((count, byte) => count + b[byte]!),
    ),
  loop() {
    const counts = new Uint32Array(256);
    for (const byte of pixels) counts[byte]! += 1;
    return counts;
  },
  refusedBy: { processes: "WebAssembly" },
};
