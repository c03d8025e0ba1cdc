/** A node's side of a shard: checks the request, reads what it needs, runs it, and puts its result into the store. */

import { UnrecoverableError } from "bullmq";
import {
  KernelError,
  MemoryLimitError,
  type PartialResults,
  TaskTimeoutError,
  WorkerLostError,
} from "../errors.js";
import { BACKEND } from "../executor/executor.js";
import type { ParallelExecutor } from "../executor/parallel-executor.js";
import type { Kernel } from "../kernel/resolve.js";
import type { TypedArray } from "../memory/dtypes.js";
import { clock } from "../platform/clock.js";
import { packThrown } from "../protocol/thrown.js";
import type { Leases } from "./leases.js";
import {
  type Manifest,
  PIECE_BYTES,
  pack,
  RELEASE,
  type ShardRequest,
  type ShardResult,
} from "./messages.js";
import { type NodeKernels, refusal } from "./node-kernels.js";
import { RequestCheck } from "./request-check.js";
import { BadManifest, requestOf } from "./shard-request.js";
import { digestOf, type Signer } from "./signing.js";
import { MissingPiece, type SpanCache } from "./span-cache.js";
import type { QueuedJob, Store } from "./store.js";

/** What a node's shards have in common. */
export interface NodeParts {
  readonly executor: ParallelExecutor;
  readonly threads: number;
  readonly store: Store;
  readonly signer: Signer;
  readonly kernels: NodeKernels;
  readonly cache: SpanCache;
  readonly leases: Leases;
  /** Bytes of payload and outputs that one shard may need. */
  readonly limit: number;
}

type Ran = ShardResult & { readonly type: "ran" };

export class ShardRunner {
  readonly #parts: NodeParts;
  readonly #check: RequestCheck;
  /** Shards that run now. */
  running = 0;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.#check = new RequestCheck(parts.signer, parts.store, parts.limit);
  }

  /** Requests that were dropped. */
  get dropped(): number {
    return this.#check.dropped;
  }

  /** @returns the digest of the result; nothing if nobody waits for it @throws UnrecoverableError if the request is dropped */
  async run({ id, data }: QueuedJob): Promise<string | undefined> {
    const { store, leases } = this.#parts;
    const checked = this.#check.request(id, data);
    if (typeof checked === "string") throw new UnrecoverableError(`refused: ${checked}`);
    const request = checked;
    // It ran before: here, or on a node that was taken for dead.
    if (await this.#hasRun(request)) return undefined;
    const lease = await leases.hold(request.call);
    if (lease === undefined) return undefined;
    this.running += 1;
    try {
      const result = await this.#resultOf(request, lease.signal);
      if (lease.signal.aborted) return undefined;
      const body = pack(result);
      const signature = this.#parts.signer.sign("result", request.id, body);
      await store.put("result", request.id, Buffer.concat([signature, body]));
      if (result.type !== "missing") this.#check.hasRun(request);
      await store.tell(request.client, request.id);
      return digestOf(body);
    } finally {
      this.running -= 1;
      lease.release();
    }
  }

  async #hasRun(request: ShardRequest): Promise<boolean> {
    const { store } = this.#parts;
    const isThere = await store.hasResult(request.id);
    if (isThere) await store.tell(request.client, request.id);
    return isThere || this.#check.knows(request);
  }

  async #resultOf(request: ShardRequest, signal: AbortSignal): Promise<ShardResult> {
    if (request.release !== RELEASE) {
      return refusal("version", `both sides must have the same release: the node has ${RELEASE}`);
    }
    const { cache, kernels } = this.#parts;
    try {
      const found = await this.#check.manifest(request);
      if (found === undefined) return { type: "missing" };
      const { manifest, spec } = found;
      const kernel = kernels.find(manifest.kernel);
      if ("type" in kernel) return kernel;
      const all = await cache.hold(manifest.spans);
      try {
        const asked = requestOf(manifest, spec, request, kernel, all, signal);
        return await this.#compute(asked, request, manifest, kernel);
      } finally {
        cache.release(manifest.spans);
      }
    } catch (error) {
      if (signal.aborted) return { type: "missing" };
      if (error instanceof MissingPiece) return { type: "missing" };
      if (error instanceof BadManifest)
        return refusal("refused", `a node must be able to take it: it has ${error.message}`);
      if (error instanceof MemoryLimitError)
        return refusal("refused", `the node must have room for it: ${error.message}`);
      throw error;
    }
  }

  async #compute(
    asked: ReturnType<typeof requestOf>,
    request: ShardRequest,
    manifest: Manifest,
    { isThreadSafe }: Kernel,
  ): Promise<ShardResult> {
    const { executor, threads } = this.#parts;
    const started = clock();
    const told = (values: Pick<Ran, "indices" | "values" | "failure" | "outputs">): Ran => {
      return {
        type: "ran",
        ...values,
        took: (clock() - started) / Math.max(1, this.running),
        threads: Math.min(threads, asked.spec.tasks),
      };
    };
    if (!isThreadSafe && manifest.outputs !== null) {
      return refusal(
        "refused",
        "nodes must run kernels that write outputs on threads: leave out { threadSafe: false }",
      );
    }
    try {
      const { values, outputs } = await executor[BACKEND].run(asked);
      const isPlain = manifest.outputs !== null && asked.spec.capacity === undefined;
      const own = isPlain ? new Array<undefined>(asked.spec.tasks).fill(undefined) : values;
      const pieces = await this.#putOutputs(request, outputs);
      if (outputs.length > 0) executor.release(...outputs);
      return told({ indices: null, values: own, failure: null, outputs: pieces });
    } catch (error) {
      if (error instanceof WorkerLostError) {
        const { index, message, exitCode, signal } = error;
        return { type: "crashed", index, message, exitCode, signal };
      }
      const isTimeout = error instanceof TaskTimeoutError;
      if (!isTimeout && !(error instanceof KernelError)) throw error;
      const thrown = isTimeout ? undefined : packThrown(error.cause);
      return told({ ...ended(error.partial), failure: { index: error.index, thrown }, outputs: [] });
    }
  }

  async #putOutputs({ id }: ShardRequest, outputs: readonly TypedArray[]): Promise<string[][]> {
    const digests: string[][] = [];
    for (const [i, { buffer, byteOffset, byteLength }] of outputs.entries()) {
      const own: string[] = [];
      for (let at = 0; at < byteLength; at += PIECE_BYTES) {
        const view = new Uint8Array(buffer, byteOffset + at, Math.min(PIECE_BYTES, byteLength - at));
        const bytes = Buffer.from(view);
        own.push(digestOf(bytes));
        await this.#parts.store.put("output", `${id}.${i}.${own.length - 1}`, bytes);
      }
      digests.push(own);
    }
    return digests;
  }
}

/** What had ended when the shard failed. Outputs are not part of it. Their tasks run again if the call is made again. */
function ended(partial: PartialResults | undefined): Pick<Ran, "indices" | "values"> {
  if (partial === undefined || partial.outputs !== undefined) return { indices: [], values: [] };
  return { indices: [...partial.values.keys()], values: [...partial.values.values()] };
}
