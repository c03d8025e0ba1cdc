/**
 * How a kernel's result leaves the worker. Memory that the kernel does not own (the payload, `args`) is copied, so that the result
 * is a value of its own. A message copies it once more. Only very large arrays are transferred instead.
 */

import { quote } from "../errors.js";
import { isDetached, isSharedBuffer, isTypedArray, kindOf, ownView, viewOf } from "../memory/dtypes.js";
import { isRecord } from "../memory/inputs.js";
import { structuredClone } from "../platform/builtins.js";
import { copyBytes } from "../platform/bytes.js";
import { keyPath } from "../platform/key-path.js";
import { isMap, isSet } from "../platform/realms.js";

/** A result ready for `postMessage(value, transfer)`. */
export interface ResultCopy {
  readonly value: unknown;
  readonly transfer: ArrayBuffer[];
  /** Whether it holds nothing but values, containers and arrays of its own. Then it may stay as it is unless it crosses threads. */
  readonly isPlain: boolean;
  /** About as many bytes as its message takes; Infinity if it is deep, because the reader may lack the stack for it. */
  readonly weight: number;
}

/**
 * From this many bytes on a buffer is transferred, because copying it would keep the caller's thread for some 10 ms. Smaller ones
 * are copied: the first transfer makes every access to a typed array slower, in its thread, for ever (docs/decisions/0007).
 */
const MOVED_BYTES = 8 * 1024 * 1024;

/**
 * The most objects inside each other in a result. The calling thread has a smaller stack than a worker, and could not read a much
 * deeper result (docs/decisions/0011). So the worker refuses it, with its path.
 */
export const MAX_DEPTH = 1000;

// Even a thread with a small stack reads this many objects inside each other.
const SURE_DEPTH = 100;

/**
 * About how many bytes of values one message carries. Copying them takes 100 µs, so more messages cost little. A value of this
 * weight, or a deep one, has a message of its own: if the calling thread cannot read it, no other value is lost with it.
 */
export const HEAVY = 256 * 1024;

// About what a number, a key or a list takes in a message.
const VALUE_BYTES = 16;

export class ResultCopier {
  readonly #keep: boolean;
  readonly #borrowed: ReadonlySet<ArrayBufferLike>;
  readonly #movedBytes: number;

  /**
   * @param keep whether the kernel may keep what it returns (in a module, on `globalThis`); then everything is copied, because a
   *   transfer would empty it
   * @param borrowed plain buffers of the payload and of `args`
   * @param movedBytes buffers of at least this many bytes are transferred
   */
  constructor(keep: boolean, borrowed: ReadonlySet<ArrayBufferLike>, movedBytes = MOVED_BYTES) {
    this.#keep = keep;
    this.#borrowed = borrowed;
    this.#movedBytes = movedBytes;
  }

  /** @throws TypeError with the path of what cannot cross: `result.model.fit` */
  prepare(result: unknown): ResultCopy {
    const state: State = { seen: new Map(), transfer: new Set(), isPlain: true, weight: 0 };
    const value = this.#own(result, "result", 0, state);
    return { value, transfer: [...state.transfer], isPlain: state.isPlain, weight: state.weight };
  }

  /** @param depth objects around the value */
  #own(value: unknown, path: string, depth: number, state: State): unknown {
    if (typeof value === "function" || typeof value === "symbol") refuse(path, value);
    state.weight += VALUE_BYTES;
    if (typeof value === "string") state.weight += 2 * value.length;
    if (typeof value !== "object" || value === null) return value;
    const { seen } = state;
    const known = seen.get(value);
    if (known !== undefined) return known;
    if (depth === SURE_DEPTH) state.weight = Infinity;
    if (depth === MAX_DEPTH) refuseDepth(path);
    const inside = depth + 1;
    const remember = <T extends object>(copy: T): T => {
      seen.set(value, copy);
      return copy;
    };
    if (
      isBufferOrView(value) &&
      value.byteLength === 0 &&
      isDetached("buffer" in value ? value.buffer : value)
    ) {
      throw new TypeError(
        `Cannot return ${path} from a kernel as its buffer was transferred away: return an array that has its data`,
      );
    }
    // A subclass may tell other lengths than it has, so this asks the array itself.
    if (isTypedArray(value)) return remember(this.#ownView(ownView(value), state));
    if (ArrayBuffer.isView(value)) return remember(this.#ownView(value, state));
    if (isSharedBuffer(value as ArrayBufferLike)) {
      return remember(this.#give(bytesOf(new Uint8Array(value as SharedArrayBuffer)), state));
    }
    if (value instanceof ArrayBuffer) return remember(this.#ownBuffer(value, state));
    if (Array.isArray(value)) {
      const copy: unknown[] = remember(new Array(value.length));
      // Holes stay holes, as in structured clone.
      for (const key of Object.keys(value)) {
        const child = (value as unknown as Record<string, unknown>)[key];
        (copy as unknown as Record<string, unknown>)[key] = this.#own(
          child,
          `${path}[${key}]`,
          inside,
          state,
        );
      }
      return copy;
    }
    if (isMap(value)) {
      const copy = remember(new Map<unknown, unknown>());
      for (const [key, child] of value) {
        const at = `${path}.get(${quote(key)})`;
        copy.set(this.#own(key, `a key of ${path}`, inside, state), this.#own(child, at, inside, state));
      }
      return copy;
    }
    if (isSet(value)) {
      const copy = remember(new Set<unknown>());
      for (const child of value) copy.add(this.#own(child, `an element of ${path}`, inside, state));
      return copy;
    }
    if (isError(value)) {
      // Structured clone carries it, with its cause.
      state.isPlain = false;
      remember(value);
      this.#own(ownCause(value), `${path}.cause`, inside, state);
      return value;
    }
    if (isRecord(value) || isCloneRecord(value, path)) {
      const copy: Record<string, unknown> = remember({});
      for (const key of Object.keys(value)) {
        const child = (value as Record<string, unknown>)[key];
        const owned = this.#own(child, `${path}${keyPath(key)}`, inside, state);
        // A plain assignment to "__proto__" would set the prototype.
        Object.defineProperty(copy, key, {
          value: owned,
          configurable: true,
          enumerable: true,
          writable: true,
        });
      }
      return copy;
    }
    state.isPlain = false;
    return value;
  }

  /** @returns a view of the class that it arrives with, even if the kernel's is a subclass */
  #ownView(view: ArrayBufferView, state: State): ArrayBufferView {
    const isWhole = view.byteLength === view.buffer.byteLength && this.#mayGive(view.buffer);
    const buffer = this.#give(isWhole ? (view.buffer as ArrayBuffer) : bytesOf(view), state);
    return isTypedArray(view) ? viewOf(kindOf(view), buffer, 0, view.length) : new DataView(buffer);
  }

  #ownBuffer(buffer: ArrayBuffer, state: State): ArrayBuffer {
    return this.#give(this.#mayGive(buffer) ? buffer : bytesOf(new Uint8Array(buffer)), state);
  }

  /** Takes a buffer that belongs to nobody else into the result. */
  #give(buffer: ArrayBuffer, state: State): ArrayBuffer {
    state.weight += buffer.byteLength;
    if (buffer.byteLength >= this.#movedBytes) state.transfer.add(buffer);
    return buffer;
  }

  #mayGive(buffer: ArrayBufferLike): boolean {
    return !this.#keep && buffer instanceof ArrayBuffer && !this.#borrowed.has(buffer);
  }
}

interface State {
  readonly seen: Map<object, unknown>;
  readonly transfer: Set<ArrayBuffer>;
  isPlain: boolean;
  weight: number;
}

function bytesOf(view: ArrayBufferView): ArrayBuffer {
  const copy = new Uint8Array(view.byteLength);
  copyBytes(copy, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return copy.buffer;
}

function isBufferOrView(value: object): value is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

/**
 * Whether it is an object of a class, of which structured clone keeps the own fields. From dates, regular expressions and the
 * like structured clone keeps something else. Only structured clone knows which of them can cross.
 */
function isCloneRecord(value: object, path: string): boolean {
  // Only own fields can prevent a clone here, and errors name each of them.
  if (Object.prototype.toString.call(value) === "[object Object]") return true;
  try {
    return isRecord(structuredClone(value));
  } catch {
    refuse(path, value);
  }
}

function isError(value: object): value is Error {
  const looks = Object.prototype.toString.call(value);
  // Objects that inherit from an error, and exceptions of the platform, are cloned as something else.
  return value instanceof Error && looks !== "[object Object]" && looks !== "[object DOMException]";
}

/** The cause that structured clone takes: it calls no getter. */
function ownCause(error: Error): unknown {
  return Object.getOwnPropertyDescriptor(error, "cause")?.value;
}

const LONGEST_PATH = 80;

function refuseDepth(path: string): never {
  throw new TypeError(
    `Cannot return ${path.slice(0, LONGEST_PATH)}... from a kernel as a result must be nested at most ${MAX_DEPTH} deep: ` +
      'current value is deeper, and reading it may fail with "Maximum call stack size exceeded"',
  );
}

function refuse(path: string, value: unknown): never {
  const received = typeof value === "symbol" ? String(value) : quote(value);
  throw new TypeError(
    `Cannot return ${path} from a kernel as it must be something structured clone can carry: current value is ${received}`,
  );
}
