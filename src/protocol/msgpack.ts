/** Encoders and decoders of values and descriptors. Only this file uses msgpack itself. */
import { Decoder, Encoder, ExtensionCodec } from "@msgpack/msgpack";
import { elementBytes, kindOf, type TypedArray, viewOf } from "../memory/dtypes.js";
import { moduleOf } from "../memory/wasm-modules.js";
import { MAX_DEPTH, type OwnValue, SentArray } from "./own-value.js";

const REFERENCE = 1;
const INLINE = 2;

/** What the extensions need for the value that is being decoded. */
interface Scope {
  arrays: readonly TypedArray[];
  inlined: Set<ArrayBufferLike> | undefined;
}

const extensions = new ExtensionCodec<Scope>();
extensions.register({
  type: REFERENCE,
  encode: (value) => {
    if (!(value instanceof SentArray) || value.place === undefined) return null;
    const data = new Uint8Array(4);
    new DataView(data.buffer).setUint32(0, value.place);
    return data;
  },
  decode: (data, _type, { arrays }) => {
    const array = arrays[new DataView(data.buffer, data.byteOffset).getUint32(0)] as TypedArray;
    return moduleOf(array.buffer) ?? array;
  },
});
extensions.register({
  type: INLINE,
  encode: (value) => {
    if (!(value instanceof SentArray)) return null;
    const { buffer, byteOffset, byteLength } = value.view;
    const data = new Uint8Array(1 + byteLength);
    data[0] = kindOf(value.view);
    data.set(new Uint8Array(buffer, byteOffset, byteLength), 1);
    return data;
  },
  decode: (data, _type, { inlined }) => {
    const kind = data[0] as number;
    const bytes = data.slice(1);
    inlined?.add(bytes.buffer);
    return viewOf(kind, bytes.buffer, 0, bytes.byteLength / elementBytes(kind));
  },
});

const scope: Scope = { arrays: [], inlined: undefined };

const options = {
  extensionCodec: extensions,
  context: scope,
  useBigInt64: true,
  ignoreUndefined: true,
  maxDepth: MAX_DEPTH + 8,
};

// One encoder of each sort for all values, because making one costs more than a small value takes. They see values of the engine's
// own only, so no code of a caller's runs meanwhile.
const newEncoder = (forceIntegerToFloat: boolean): Encoder<Scope> =>
  new Encoder({ ...options, forceIntegerToFloat });
// Workers only decode. Bundlers leave encoders with this mark out of the worker's bundle.
let plain = /* @__PURE__ */ newEncoder(false);
let floats = /* @__PURE__ */ newEncoder(true);
const decoder = new Decoder(options);

// Bytes. An encoder keeps a buffer as large as its largest value. Beyond this size it is replaced.
const LARGEST_KEPT = 1024 * 1024;

/** @returns bytes that are overwritten when the next value is encoded */
export function encodeValue({ value, hasNegativeZero }: OwnValue): Uint8Array {
  // msgpack's integers have no -0. If there is one, all numbers travel as 64-bit floats.
  const encoded = (hasNegativeZero ? floats : plain).encodeSharedRef(value);
  if (encoded.buffer.byteLength > LARGEST_KEPT) {
    plain = newEncoder(false);
    floats = newEncoder(true);
  }
  return encoded;
}

/** @param inlined see `ValueDecoder` */
export function decodeValue(
  bytes: Uint8Array,
  arrays: readonly TypedArray[],
  inlined: Set<ArrayBufferLike> | undefined,
): unknown {
  // A setter on `Object.prototype` may make a call meanwhile, whose values are decoded in between.
  const before = { arrays: scope.arrays, inlined: scope.inlined };
  scope.arrays = arrays;
  scope.inlined = inlined;
  try {
    return decoder.decode(bytes);
  } finally {
    scope.arrays = before.arrays;
    scope.inlined = before.inlined;
  }
}

// Both keep no state between calls. Making one costs more than a small descriptor takes.
const listEncoder = /* @__PURE__ */ new Encoder();
const listDecoder = new Decoder();

/** @returns bytes that are the encoder's own; copy them before it encodes again */
export function encodeList(list: readonly unknown[]): Uint8Array {
  return listEncoder.encodeSharedRef(list);
}

export function decodeList(bytes: Uint8Array): unknown {
  return listDecoder.decode(bytes);
}
