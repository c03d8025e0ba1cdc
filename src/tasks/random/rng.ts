/** `context.rng`: random numbers that follow from seed, element and draw alone, whatever runs the task. */
import { quote } from "../../errors.js";
import type { Rng } from "../../kernel/types.js";
import { type Fill, fillIn } from "./philox.js";
import { wasmFill } from "./philox-wasm.js";

const { PI, cos, floor, log, min, sin, sqrt } = Math;
const { isSafeInteger } = Number;

// Numbers of one draw that are made at once for elements in a row. Making 64 takes 0.3 µs.
const WINDOW = 64;
// This many draws of an element have windows at a time.
const DRAWS = 4;
const UNIFORM = 0;
const NORMAL = 1;
const SLOTS = 2 * DRAWS;
const TWO_32 = 2 ** 32;

let fill: Fill | undefined;
/** The numbers of all windows. This thread's generators share them, and each takes them over. */
let numbers = new Float64Array(0);
/** For each window: the draw, the first element, and the number of elements. */
const draws = new Float64Array(SLOTS);
const firsts = new Float64Array(SLOTS);
const counts = new Float64Array(SLOTS);
/** The seed of the windows. */
let owner = Number.NaN;

function load(): Fill {
  try {
    ({ fill, numbers } = wasmFill());
  } catch {
    numbers = new Float64Array(SLOTS * WINDOW);
    fill = fillIn(numbers);
  }
  return fill;
}

/** The number of an element in a slot; makes it, and those that follow it if elements come in a row. */
function made(seed: number, slot: number, i: number, draw: number): number {
  checkPlace(i, draw);
  const make = fill ?? load();
  if (owner !== seed) {
    counts.fill(0);
    owner = seed;
  }
  const end = (firsts[slot] as number) + (counts[slot] as number);
  const isNext = i === end && draws[slot] === draw && counts[slot] !== 0;
  const first = i - (i % 2);
  const pair = first / 2;
  const low = pair % TWO_32;
  // Without a carry, as the low word of the counter has none.
  const blocks = isNext ? min(WINDOW / 2, TWO_32 - low) : 1;
  const stream = slot < DRAWS ? UNIFORM : NORMAL;
  const at = slot * WINDOW;
  make(low, (pair - low) / TWO_32, draw, stream, seed % TWO_32, floor(seed / TWO_32), at, blocks);
  draws[slot] = draw;
  firsts[slot] = first;
  counts[slot] = 2 * blocks;
  return numbers[at + (i - first)] as number;
}

/** @param seed an integer from 0, at most 2^53 - 1 */
export function rngOf(seed: number): Rng {
  const pick = (slot: number, i: number, draw: number): number => {
    const at = i - (firsts[slot] as number);
    // Also false if `i` is no integer.
    const isThere =
      at >>> 0 === at && at < (counts[slot] as number) && draws[slot] === draw && owner === seed;
    return isThere ? (numbers[slot * WINDOW + at] as number) : made(seed, slot, i, draw);
  };
  const rng = (i: number, draw = 0): number => pick(draw & (DRAWS - 1), i, draw);
  // Box and Muller: two uniform numbers make two normal ones, of two elements in a row.
  const normal = (i: number, draw = 0): number => {
    const slot = DRAWS + (draw & (DRAWS - 1));
    const own = pick(slot, i, draw);
    const isEven = i % 2 === 0;
    const other = pick(slot, isEven ? i + 1 : i - 1, draw);
    const radius = sqrt(-2 * log(1 - (isEven ? own : other)));
    const angle = 2 * PI * (isEven ? other : own);
    return radius * (isEven ? cos(angle) : sin(angle));
  };
  return Object.assign(rng, { normal });
}

function checkPlace(i: number, draw: number): void {
  if (!isSafeInteger(i) || i < 0) {
    throw new RangeError(`Cannot draw a number: element must be an integer of at least 0, got ${quote(i)}`);
  }
  if (draw >>> 0 !== draw) {
    throw new RangeError(
      `Cannot draw a number: draw must be an integer from 0 to 2^32 - 1, got ${quote(draw)}`,
    );
  }
}
