/** A job's memory on its way to the store: spans of bytes, cut into pieces that are named by their digests. */
import type { Arena } from "../memory/arena.js";
import { kindOf, type TypedArray } from "../memory/dtypes.js";
import { RecentMap } from "../platform/recent-map.js";
import { pause } from "../platform/time-slice.js";
import { packJob } from "../protocol/job-spec.js";
import type { Job } from "../strategies/job.js";
import { sourcesOf } from "../strategies/processes/job-sources.js";
import { copyFrom, type Interval, type MemorySource } from "../strategies/processes/memory-source.js";
import type { JobInputs } from "../strategies/strategy.js";
import { type Manifest, PIECE_BYTES, type SpanPieces, type WirePlace } from "./messages.js";
import { digestOf } from "./signing.js";
import type { Store } from "./store.js";

// Views may be of any kind, and a span begins at an address that suits all of them.
const ALIGNMENT = 8;

// A program may make calls over more and more parts of one array.
const MOST_SPANS = 64;

/** Bytes that a job reads. */
interface Span {
  readonly source: MemorySource;
  readonly start: number;
  readonly end: number;
}

/** Digests of shared memory that earlier calls named. */
interface Known {
  readonly contents: number;
  /** By the span's start and end. */
  readonly pieces: RecentMap<string, readonly string[]>;
}

export class Payload {
  readonly #store: Store;
  readonly #known = new WeakMap<ArrayBufferLike, Known>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Has the store hold all that the job reads. @param kernel digest of its module */
  async bring(
    job: Job,
    inputs: JobInputs,
    arena: Arena,
    module: string,
    taskBytes: number,
  ): Promise<Manifest> {
    const { spec, arrays, kernel, block } = job.parts;
    const outputs = spec.outputs?.arrays ?? [];
    const { places, sources } = sourcesOf(job, inputs, arena, undefined);
    const spans = sources.flatMap((source) => source.wanted.map((interval) => spanOf(source, interval)));
    const wire = places.map(({ kind, memory, byteOffset, length }, i) => {
      return outputs.includes(i) ? noPlace(kind, length) : placeIn(spans, memory, kind, byteOffset, length);
    });
    const { items } = block;
    const itemViews =
      items === undefined
        ? []
        : items.packing === "msgpack"
          ? [items.offsets, items.bytes]
          : [items.numbers as Float64Array];
    const pieces: SpanPieces[] = [];
    for (const span of spans) {
      job.throwIfStopped();
      pieces.push({ bytes: span.end - span.start, pieces: await this.#bringSpan(span) });
    }
    return {
      kernel: { module, name: kernel.address.name },
      job: packJob({ ...spec, outputs: null, keeps: undefined, clearOutputs: false }),
      spans: pieces,
      places: wire.slice(0, arrays.length - outputs.length),
      items:
        items === undefined
          ? null
          : {
              packing: items.packing,
              places: itemViews.map((view: TypedArray) => {
                return placeIn(spans, inputs.block.memory, kindOf(view), view.byteOffset, view.length);
              }),
            },
      outputs: spec.outputs && {
        names: spec.outputs.names,
        kinds: outputs.map((place) => kindOf(arrays[place] as TypedArray)),
      },
      taskBytes,
    };
  }

  /** @returns the digests of its pieces, all of which are in the store */
  async #bringSpan(span: Span): Promise<readonly string[]> {
    const digests = [...(this.#digestsOf(span) ?? (await hashed(span)))];
    const isThere = await this.#store.keep("piece", digests);
    for (const [i, digest] of digests.entries()) {
      if (isThere[i] === true) continue;
      const bytes = readPiece(span, i);
      // The caller may have written there since it was hashed.
      const now = digestOf(bytes);
      if (now !== digest) digests[i] = now;
      await this.#store.putIfAbsent("piece", now, bytes);
      await pause();
    }
    this.#remember(span, digests);
    return digests;
  }

  #digestsOf({ source: { parts, contents }, start, end }: Span): readonly string[] | undefined {
    const buffer = parts[0]?.buffer;
    const known = buffer && this.#known.get(buffer);
    return known?.contents === contents ? known?.pieces.get(`${start} ${end}`) : undefined;
  }

  #remember({ source: { parts, contents }, start, end }: Span, digests: readonly string[]): void {
    const buffer = parts[0]?.buffer;
    if (contents === undefined || buffer === undefined) return;
    let known = this.#known.get(buffer);
    if (known?.contents !== contents) {
      known = { contents, pieces: new RecentMap(MOST_SPANS) };
      this.#known.set(buffer, known);
    }
    known.pieces.set(`${start} ${end}`, digests);
  }
}

function spanOf(source: MemorySource, [start, end]: Interval): Span {
  return { source, start: start - (start % ALIGNMENT), end };
}

function placeIn(
  spans: readonly Span[],
  memory: number,
  kind: number,
  byteOffset: number,
  length: number,
): WirePlace {
  const at = spans.findIndex((span) => {
    return span.source.memory === memory && span.start <= byteOffset && byteOffset < span.end;
  });
  if (length === 0 || at === -1) return noPlace(kind, 0);
  return [kind, at, byteOffset - (spans[at] as Span).start, length];
}

function noPlace(kind: number, length: number): WirePlace {
  return [kind, -1, 0, length];
}

/** On memory of its own: nobody changes it between its digest and its way to the store. */
function readPiece({ source, start, end }: Span, piece: number): Buffer {
  const from = start + piece * PIECE_BYTES;
  const bytes = Buffer.alloc(Math.min(PIECE_BYTES, end - from));
  copyFrom(source, from, bytes.length, (part, at) => bytes.set(part, at));
  return bytes;
}

async function hashed(span: Span): Promise<string[]> {
  const digests: string[] = [];
  for (let i = 0; i * PIECE_BYTES < span.end - span.start; i += 1) {
    await pause();
    digests.push(digestOf(readPiece(span, i)));
  }
  return digests;
}
