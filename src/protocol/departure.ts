/**
 * How a kernel's result leaves the worker. Memory that the kernel does not own (the payload, `args`) is copied;
 * arrays that it made are transferred, which moves them without a copy.
 */
import { quote } from "../errors.js";
import { isSharedBuffer, isTypedArray, kindOf, viewOf } from "../memory/dtypes.js";
import { isDetached, isRecord } from "../memory/inputs.js";
import { keyPath } from "./codec.js";

/** A result ready for `postMessage(value, transfer)` or `structuredClone(value, { transfer })`. */
export interface Departing {
  readonly value: unknown;
  readonly transfer: ArrayBuffer[];
}

export class Departure {
  readonly #keep: boolean;
  readonly #borrowed: ReadonlySet<ArrayBufferLike>;

  /**
   * @param keep the kernel may hold on to what it returns (a module's table, something on `globalThis`): a transfer
   *   would empty that under its hands, so everything is copied
   * @param borrowed plain buffers of the payload and of `args`
   */
  constructor(keep: boolean, borrowed: ReadonlySet<ArrayBufferLike>) {
    this.#keep = keep;
    this.#borrowed = borrowed;
  }

  /** @throws TypeError with the path of what cannot leave: `result.model.fit` */
  prepare(result: unknown): Departing {
    const transfer = new Set<ArrayBuffer>();
    return { value: this.#own(result, "result", new Map(), transfer), transfer: [...transfer] };
  }

  #own(value: unknown, path: string, seen: Map<object, unknown>, transfer: Set<ArrayBuffer>): unknown {
    if (typeof value === "function" || typeof value === "symbol") refuse(path, value);
    if (typeof value !== "object" || value === null) return value;
    const known = seen.get(value);
    if (known !== undefined) return known;
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
    if (ArrayBuffer.isView(value)) return remember(this.#ownView(value, transfer));
    if (isSharedBuffer(value as ArrayBufferLike)) {
      return remember(copyBytes(new Uint8Array(value as SharedArrayBuffer), transfer));
    }
    if (value instanceof ArrayBuffer) return remember(this.#ownBuffer(value, transfer));
    if (Array.isArray(value)) {
      const copy: unknown[] = remember(new Array(value.length));
      // Holes stay holes, as in structured clone.
      for (const key of Object.keys(value)) {
        const child = (value as unknown as Record<string, unknown>)[key];
        (copy as unknown as Record<string, unknown>)[key] = this.#own(
          child,
          `${path}[${key}]`,
          seen,
          transfer,
        );
      }
      return copy;
    }
    if (value instanceof Map) {
      const copy = remember(new Map<unknown, unknown>());
      for (const [key, child] of value) {
        const at = `${path}.get(${quote(key)})`;
        copy.set(this.#own(key, `a key of ${path}`, seen, transfer), this.#own(child, at, seen, transfer));
      }
      return copy;
    }
    if (value instanceof Set) {
      const copy = remember(new Set<unknown>());
      for (const child of value) copy.add(this.#own(child, `an element of ${path}`, seen, transfer));
      return copy;
    }
    if (isRecord(value) || isCloneRecord(value, path)) {
      const copy: Record<string, unknown> = remember({});
      for (const key of Object.keys(value)) {
        const child = (value as Record<string, unknown>)[key];
        const owned = this.#own(child, `${path}${keyPath(key)}`, seen, transfer);
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
    return value;
  }

  #ownView(view: ArrayBufferView, transfer: Set<ArrayBuffer>): ArrayBufferView {
    const { buffer } = view;
    if (view.byteLength === buffer.byteLength && this.#mayGive(buffer)) {
      transfer.add(buffer as ArrayBuffer);
      return view;
    }
    const copy = copyBytes(view, transfer);
    return isTypedArray(view) ? viewOf(kindOf(view), copy, 0, view.length) : new DataView(copy);
  }

  #ownBuffer(buffer: ArrayBuffer, transfer: Set<ArrayBuffer>): ArrayBuffer {
    if (!this.#mayGive(buffer)) return copyBytes(new Uint8Array(buffer), transfer);
    transfer.add(buffer);
    return buffer;
  }

  #mayGive(buffer: ArrayBufferLike): boolean {
    return !this.#keep && buffer instanceof ArrayBuffer && !this.#borrowed.has(buffer);
  }
}

/** The copy is nobody else's, so it is given away: the bytes are copied once, not twice. */
function copyBytes(view: ArrayBufferView, transfer: Set<ArrayBuffer>): ArrayBuffer {
  const copy = new Uint8Array(view.byteLength);
  copy.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  transfer.add(copy.buffer);
  return copy.buffer;
}

function isBufferOrView(value: object): value is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

/**
 * Is it an object of a class, of which structured clone keeps the own fields? Of dates, regular expressions, errors and
 * the like it keeps something else, and only it knows which of them can travel.
 */
function isCloneRecord(value: object, path: string): boolean {
  // Nothing but own fields can be in the way here, and they are named one by one.
  if (Object.prototype.toString.call(value) === "[object Object]") return true;
  try {
    return isRecord(structuredClone(value));
  } catch {
    refuse(path, value);
  }
}

function refuse(path: string, value: unknown): never {
  const received = typeof value === "symbol" ? String(value) : quote(value);
  throw new TypeError(
    `Cannot return ${path} from a kernel as it must be something structured clone can carry: current value is ${received}`,
  );
}
