/** What a child has read of a round. It holds for each later round that is the same. */
import type { TypedArray } from "../../../memory/dtypes.js";
import { type Descriptor, readDescriptor, unpackPlaces } from "../../../protocol/descriptor.js";
import { JobBlock } from "../../../protocol/job-block.js";
import type { JobSpec } from "../../../protocol/job-spec.js";
import type { LoadedKernel } from "../../threads/worker/worker-kernels.js";
import type { JoinMessage } from "../messages.js";
import type { ChildMemory } from "./child-memory.js";
import { ChildWords } from "./child-words.js";

export class KnownRound {
  readonly name: number;
  readonly kernel: LoadedKernel;
  readonly descriptor: Descriptor;
  readonly arrays: readonly TypedArray[];
  readonly order: Uint32Array | undefined;
  readonly words: ChildWords;
  readonly verifies: boolean;
  /** Memory that is this round's and of those that are the same. */
  readonly ownMemory: readonly number[];
  readonly mayReuse: boolean;
  readonly #blockMemory: SharedArrayBuffer;
  #block: JobBlock | undefined;
  #spec: JobSpec;
  #isNew = true;

  /** @param isFresh whether its own memory is all zero */
  constructor(message: JoinMessage, memory: ChildMemory, kernel: LoadedKernel, isFresh: boolean) {
    const { round, order, words, own, mayReuse, verifies } = message;
    const descriptor = readDescriptor(message.descriptor);
    this.name = round;
    this.kernel = kernel;
    this.descriptor = descriptor;
    this.ownMemory = own.map(([id]) => id);
    this.arrays = unpackPlaces(descriptor.places, (id) => memory.get(id, this.ownMemory));
    this.order = order ?? undefined;
    this.words = new ChildWords(words);
    this.verifies = verifies;
    this.mayReuse = mayReuse;
    this.#blockMemory = memory.get(descriptor.block, this.ownMemory);
    // The contents of the parent's memory say nothing about this process's.
    this.#spec = { ...descriptor.spec, clearOutputs: !isFresh };
  }

  /** The job of the next round. Its tasks find what the round before has left. */
  takeSpec(): JobSpec {
    const spec = this.#spec;
    if (this.#isNew) this.#spec = { ...spec, clearOutputs: true };
    this.#isNew = false;
    return spec;
  }

  /** Views of the job block as it is now. The places of msgpack items follow from their lengths. */
  openBlock(): JobBlock {
    const { packing, spec } = this.descriptor;
    if (packing === "msgpack") return new JobBlock(this.#blockMemory, spec.tasks, packing);
    this.#block ??= new JobBlock(this.#blockMemory, spec.tasks, packing);
    return this.#block;
  }
}
