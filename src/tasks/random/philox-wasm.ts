/**
 * The same numbers as `philox.ts` makes, at 3 to 5 ns each: WebAssembly multiplies words to 64 bits in one instruction. The
 * module is written here instruction by instruction, and takes 0.1 ms to compile.
 */
import { type Fill, M0, M1, ROUNDS, W0, W1 } from "./philox.js";

// Instructions (WebAssembly core specification, "Binary format").
const BLOCK = 0x02;
const LOOP = 0x03;
const END = 0x0b;
const BRANCH = 0x0c;
const BRANCH_IF = 0x0d;
const GET = 0x20;
const SET = 0x21;
const F64_STORE = 0x39;
const I32_CONST = 0x41;
const I64_CONST = 0x42;
const F64_CONST = 0x44;
const I32_EQZ = 0x45;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_XOR = 0x73;
const I64_MUL = 0x7e;
const I32_SHL = 0x74;
const I64_OR = 0x84;
const I64_SHL = 0x86;
const I64_SHR_U = 0x88;
const F64_MUL = 0xa2;
const I32_WRAP_I64 = 0xa7;
const I64_EXTEND_I32_U = 0xad;
const F64_CONVERT_I64_U = 0xba;

const VOID = 0x40;
const I32 = 0x7f;
const I64 = 0x7e;

// Parameters, and the locals behind them.
const [LOW, HIGH, DRAW, STREAM, KEY_LOW, KEY_HIGH, AT, BLOCKS] = [0, 1, 2, 3, 4, 5, 6, 7];
const PARAMETERS = 8;
const [C0, C1, C2, C3, K0, K1] = [8, 9, 10, 11, 12, 13];
const WORDS = 6;
const [P0, P1] = [14, 15];
const PRODUCTS = 2;
const NUMBER_BYTES = 8;

/** Signed LEB128. */
function integer(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = (rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40);
    bytes.push(isLast ? byte : byte | 0x80);
    if (isLast) return bytes;
  }
}

/** Unsigned LEB128. */
function size(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...size(value >>> 7)];
}

function double(value: number): number[] {
  return [...new Uint8Array(Float64Array.of(value).buffer)];
}

const product = (word: number, factor: number, into: number): number[] => {
  return [GET, word, I64_EXTEND_I32_U, I64_CONST, ...integer(BigInt(factor)), I64_MUL, SET, into];
};
const highWord = (of: number): number[] => [GET, of, I64_CONST, 32, I64_SHR_U, I32_WRAP_I64];
const lowWord = (of: number): number[] => [GET, of, I32_WRAP_I64];
const mixed = (of: number, word: number, key: number): number[] => {
  return [...highWord(of), GET, word, I32_XOR, GET, key, I32_XOR];
};
const grown = (key: number, by: number): number[] => {
  return [GET, key, I32_CONST, ...integer(by | 0), I32_ADD, SET, key];
};
const ROUND = [
  ...product(C0, M0, P0),
  ...product(C2, M1, P1),
  ...[...mixed(P1, C1, K0), SET, C0],
  ...[...lowWord(P1), SET, C1],
  ...[...mixed(P0, C3, K1), SET, C2],
  ...[...lowWord(P0), SET, C3],
  ...grown(K0, W0),
  ...grown(K1, W1),
];
/** Stores the number that two words make, `offset` bytes behind `AT`. */
const stored = (high: number, low: number, offset: number): number[] => {
  const word = (of: number): number[] => [GET, of, I64_EXTEND_I32_U];
  const bits = [...word(high), I64_CONST, 32, I64_SHL, ...word(low), I64_OR, I64_CONST, 11, I64_SHR_U];
  const number = [...bits, F64_CONVERT_I64_U, F64_CONST, ...double(2 ** -53), F64_MUL];
  return [GET, AT, ...number, F64_STORE, 3, offset];
};
const copied = (from: number, to: number): number[] => [GET, from, SET, to];

const BODY = [
  ...[GET, AT, I32_CONST, 3, I32_SHL, SET, AT],
  ...[BLOCK, VOID, LOOP, VOID],
  ...[GET, BLOCKS, I32_EQZ, BRANCH_IF, 1],
  ...[...copied(LOW, C0), ...copied(HIGH, C1), ...copied(DRAW, C2), ...copied(STREAM, C3)],
  ...[...copied(KEY_LOW, K0), ...copied(KEY_HIGH, K1)],
  ...Array.from({ length: ROUNDS }, () => ROUND).flat(),
  ...stored(C0, C1, 0),
  ...stored(C2, C3, NUMBER_BYTES),
  ...[GET, AT, I32_CONST, 2 * NUMBER_BYTES, I32_ADD, SET, AT],
  ...[GET, LOW, I32_CONST, 1, I32_ADD, SET, LOW],
  ...[GET, BLOCKS, I32_CONST, 1, I32_SUB, SET, BLOCKS],
  ...[BRANCH, 0, END, END],
];

const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...size(content.length),
  ...content,
];
const name = (text: string): number[] => [text.length, ...Array.from(text, (each) => each.charCodeAt(0))];

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const locals = [2, WORDS, I32, PRODUCTS, I64];
  const code = [...locals, ...BODY, END];
  const parameters = Array.from({ length: PARAMETERS }, () => I32);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, PARAMETERS, ...parameters, 0]),
    ...section(3, [1, 0]),
    // One page of memory.
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name("fill"), 0, 0, ...name("memory"), 2, 0]),
    ...section(10, [1, ...size(code.length), ...code]),
  ]);
}

/** @returns what fills the numbers at the beginning of its memory @throws if WebAssembly is missing, or forbidden */
export function wasmFill(): { readonly fill: Fill; readonly numbers: Float64Array<ArrayBuffer> } {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()));
  const { fill, memory } = exports as unknown as {
    readonly fill: Fill;
    readonly memory: { readonly buffer: ArrayBuffer };
  };
  return { fill, numbers: new Float64Array(memory.buffer) };
}
