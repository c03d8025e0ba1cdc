// Calls whose results are compared with Node's, number by number as bytes.

const ramp = (length, Kind = Float64Array) =>
  Kind.from({ length }, (_, i) => ((i * 2654435761) % 1009) / 7 - 72);

/** A result in which equal means equal bytes. */
function bytesOf(value) {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
    return `${value.constructor.name} ${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
  if (typeof value === "number") return bytesOf(Float64Array.of(value));
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return value.map(bytesOf);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, bytesOf(part)]));
  }
  return value;
}

export const scenarios = {
  async list(executor) {
    const arrays = [10, 1000, 100_000].map((length) => ramp(length));
    return bytesOf(
      await executor.mapShared(arrays, (array) => {
        let sum = 0;
        for (const x of array) sum += x * x;
        return sum;
      }),
    );
  },
};
