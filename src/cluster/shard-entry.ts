/** Takes the results of shards from the store, checks them, and enters them into their job. */

import { ClusterError, WorkerLostError } from "../errors.js";
import type { TypedArray } from "../memory/dtypes.js";
import { outputRange, taskRange } from "../protocol/job-spec.js";
import type { Job } from "../strategies/job.js";
import type { ClusterConnection } from "./connection.js";
import { PIECE_BYTES, type ShardResult, unpack } from "./messages.js";
import { digestOf, SIGNATURE_BYTES } from "./signing.js";

/** What a shard took, and the first of its tasks that failed. */
export interface Entered {
  readonly took: number;
  readonly threads: number;
  readonly failed: number | undefined;
}

type Ran = ShardResult & { readonly type: "ran" };

export class ShardEntry {
  readonly #connection: ClusterConnection;
  readonly #job: Job;
  readonly #call: { readonly isOver: boolean };

  /** @param call whether nobody wants its results any more, and its memory may be another call's */
  constructor(connection: ClusterConnection, job: Job, call: { readonly isOver: boolean }) {
    this.#connection = connection;
    this.#job = job;
    this.#call = call;
  }

  /**
   * @returns "again" if it must be sent again; `undefined` if there is nothing to enter
   * @throws ClusterError, WorkerLostError
   */
  async take(id: string, first: number, end: number): Promise<Entered | "again" | undefined> {
    const { store, signer, patience, resume } = this.#connection;
    // A client that makes the call again finds it.
    const bytes = await patience.until(this.#call, () => (resume ? store.get("result", id) : store.take(id)));
    if (bytes === undefined) return undefined;
    const body = bytes.subarray(SIGNATURE_BYTES);
    // Somebody else has written there.
    if (!signer.isSigned("result", id, body, bytes.subarray(0, SIGNATURE_BYTES))) return "again";
    const result = read(body);
    if (result.type === "missing") return "again";
    if (result.type === "refused") throw new ClusterError(result.reason, result.message);
    if (result.type === "crashed") throw this.#lostError(result, first);
    if (!(await this.#enterOutputs(id, first, end, result))) return "again";
    if (this.#call.isOver) return undefined;
    this.#enterValues(first, result);
    const { took, threads, failure } = result;
    return { took, threads, failed: failure === null ? undefined : first + failure.index };
  }

  #enterValues(first: number, { indices, values, failure }: Ran): void {
    const { block, streamBuffer } = this.#job.parts;
    for (const [i, value] of values.entries()) {
      const index = first + (indices === null ? i : (indices[i] as number));
      if (streamBuffer === undefined && block.results.write(index, value)) continue;
      block.results.markElsewhere(index);
      this.#job.receive(index, value);
    }
    if (failure === null) return;
    block.results.markElsewhere(first + failure.index);
    this.#job.fail(first + failure.index, failure.thrown);
  }

  /** Each piece goes into the caller's memory as it comes. @returns whether all are what the node has made */
  async #enterOutputs(id: string, first: number, end: number, { outputs }: Ran): Promise<boolean> {
    const { spec, arrays } = this.#job.parts;
    const { store, patience, resume } = this.#connection;
    const names: string[] = [];
    for (const [i, pieces] of outputs.entries()) {
      const array = arrays[spec.outputs?.arrays[i] as number] as TypedArray;
      const [from, to] = outputRange(spec, arrays, i, first, end);
      const own = array.subarray(from, to);
      const target = new Uint8Array(own.buffer, own.byteOffset, own.byteLength);
      for (const [at, digest] of pieces.entries()) {
        const name = `${id}.${i}.${at}`;
        const piece = await patience.until(this.#call, () => store.get("output", name));
        if (this.#call.isOver) return true;
        const room = Math.min(PIECE_BYTES, target.length - at * PIECE_BYTES);
        if (piece?.length !== room || digestOf(piece) !== digest) return false;
        target.set(piece, at * PIECE_BYTES);
        names.push(name);
      }
    }
    // What stays expires.
    if (!resume) await store.remove("output", names).catch(() => {});
    return true;
  }

  #lostError(
    { index, message, exitCode, signal }: ShardResult & { readonly type: "crashed" },
    first: number,
  ): WorkerLostError {
    if (index === undefined) return new WorkerLostError(message, exitCode, undefined, undefined, signal);
    const { spec, sizes } = this.#job.parts;
    const [start, end] = taskRange(spec, sizes, first + index);
    return new WorkerLostError(message, exitCode, undefined, { index: first + index, start, end }, signal);
  }
}

function read(body: Uint8Array): ShardResult {
  try {
    return unpack(body) as ShardResult;
  } catch (error) {
    // Threads take modules of WebAssembly from each other, and machines do not.
    const { message } = error as Error;
    throw new ClusterError("refused", `Cannot read the results as they must be plain data: ${message}`);
  }
}
