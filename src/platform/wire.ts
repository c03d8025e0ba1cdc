/** Values as bytes, for other processes: what structured clone carries, except for memory that threads share. */
import { builtInModule } from "./built-in-module.js";

const { Deserializer, Serializer } = builtInModule("node:v8");

/** @throws DataCloneError, RangeError if a value can't be carried */
export function serialize(value: unknown): Uint8Array {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

/** @throws Error, RangeError if this thread can't read it */
export function deserialize(bytes: Uint8Array): unknown {
  const deserializer = new Deserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}
