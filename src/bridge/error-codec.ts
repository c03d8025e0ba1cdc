/** Packs errors that cross the bridge. Class, code, fields, causes and partial results arrive. */

import { attachPartial, type PartialResults, prototypeOf, type SharrayError } from "../errors.js";
import { isError } from "../platform/realms.js";
import { packThrown, type Thrown, unpackThrown } from "../protocol/thrown.js";
import { type PackedPartial, type PartialRest, packPartial, unpackPartial } from "./partial-codec.js";

/** What a call or a question failed with. */
export interface Failure {
  readonly thrown: Thrown;
  /** What had ended by then; `undefined` if the error has no place for it. */
  readonly partial: PackedPartial | undefined;
}

/** Errors cross as data, because Comlink would keep no more than name, message and stack. */
export type Answer<T> = { readonly value: T } | { readonly failure: Failure };

/** @param apart tasks whose values go in messages of their own */
export function packFailure(error: unknown, apart: readonly number[] = []): Failure {
  const thrown = packThrown(error);
  const { partial } = (error ?? {}) as { readonly partial?: PartialResults };
  if (thrown.type === "value" || prototypeOf(thrown.fields["code"]) === undefined || partial === undefined)
    return { thrown, partial: undefined };
  // It is packed apart, because its values may be many.
  return {
    thrown: { ...thrown, fields: { ...thrown.fields, partial: undefined } },
    partial: packPartial(partial, apart),
  };
}

/**
 * What the other side threw, with the class that it had there. A `SharrayError` gets a stack of this side.
 * @param rest what this side adds to the partial results
 */
export function unpackFailure({ thrown, partial }: Failure, rest?: () => PartialRest): unknown {
  const error = unpackThrown(thrown);
  if (!isRevived(error, thrown)) return error;
  // Only V8 can do this. Elsewhere the stack is the other side's.
  const { captureStackTrace } = Error as { captureStackTrace?(error: object, below: unknown): void };
  captureStackTrace?.(error, unpackFailure);
  if (partial !== undefined) attachPartial(error, () => unpackPartial(partial, rest?.()));
  return error;
}

/** Gives errors of this package, and their causes, their class again. @returns whether it is one */
function isRevived(error: unknown, thrown: Thrown | undefined): error is SharrayError {
  if (!isError(error) || thrown?.type !== "error") return false;
  isRevived(error.cause, thrown.cause);
  // By its code: bundlers may rename classes, and differently on either side.
  const prototype = prototypeOf(thrown.fields["code"]);
  if (prototype === undefined) return false;
  Object.setPrototypeOf(error, prototype);
  // The class has the name.
  delete (error as { name?: string }).name;
  return true;
}

/** Does some work. @returns its value or its failure @throws nothing */
export async function answer<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { failure: packFailure(error) };
  }
}

/** @throws what the other side threw */
export function unpackAnswer<T>(answered: Answer<T>): T {
  if ("failure" in answered) throw unpackFailure(answered.failure);
  return answered.value;
}
