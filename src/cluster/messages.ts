/**
 * What crosses between clients and nodes. A request goes through the queue. It names a manifest, which says what to run. A
 * result has a key of its own.
 */
import { Deserializer, Serializer, serialize } from "node:v8";
import { VERSION } from "../bridge/version.js";
import type { PackedItems } from "../protocol/items.js";
import type { PackedJob } from "../protocol/job-spec.js";
import type { Thrown } from "../protocol/thrown.js";

/** Raise it when anything that crosses changes its meaning. */
const PROTOCOL = 1;

/** The version of V8's format for structured clones is its second byte. An older V8 does not read a newer one. */
const FORMAT = serialize(null)[1] as number;

/** What both sides must have in common: the client cuts the chunks. */
export const RELEASE = `${VERSION} (cluster protocol ${PROTOCOL}, value format ${FORMAT})`;

/** Bytes of a piece: large enough to keep a link busy, small enough to hash without keeping the event loop waiting. */
export const PIECE_BYTES = 4 * 1024 * 1024;

/** A shard: tasks `first` to before `end` of a job. */
export interface ShardRequest {
  readonly release: string;
  /** Names the shard. The queue's job has the same id. */
  readonly id: string;
  /** The call: its lease says whether somebody still waits. */
  readonly call: string;
  /** Who is told that the result is there. */
  readonly client: string;
  /** Digest and bytes of the manifest. */
  readonly manifest: string;
  readonly bytes: number;
  readonly first: number;
  readonly end: number;
  /** Milliseconds that each task may take; `null` if there is no limit. */
  readonly timeout: number | null;
  /** Milliseconds since 1970 after which no node begins it. */
  readonly expires: number;
}

/** Bytes of a payload that lie together. */
export interface SpanPieces {
  readonly bytes: number;
  /** Digests. All pieces but the last have `PIECE_BYTES`. */
  readonly pieces: readonly string[];
}

/** An array of the job's table. A span of -1: it is empty, or an output. */
export type WirePlace = readonly [kind: number, span: number, byteOffset: number, length: number];

/** What a job is, the same for all of its shards. */
export interface Manifest {
  readonly kernel: { readonly module: string; readonly name: string };
  /** Without its outputs. */
  readonly job: PackedJob;
  readonly spans: readonly SpanPieces[];
  readonly places: readonly WirePlace[];
  /** Numbers, or the offsets and the bytes of msgpack; `null` if the job has no items. */
  readonly items: {
    readonly packing: PackedItems["packing"];
    readonly places: readonly WirePlace[];
  } | null;
  readonly outputs: { readonly names: readonly string[] | null; readonly kinds: readonly number[] } | null;
  /** Payload bytes of a task, for the node's planner. */
  readonly taskBytes: number;
}

/** What a shard came to. */
export type ShardResult =
  | {
      readonly type: "ran";
      /** Tasks of the shard that have values, ascending; `null` if all have. */
      readonly indices: readonly number[] | null;
      readonly values: readonly unknown[];
      /** The first task that failed, and what it threw; `undefined` if its time was up. */
      readonly failure: { readonly index: number; readonly thrown: Thrown | undefined } | null;
      /** Digests of the pieces of each output. */
      readonly outputs: readonly (readonly string[])[];
      /** Milliseconds of the whole shard, and the threads that ran it. */
      readonly took: number;
      readonly threads: number;
    }
  | {
      /** A task has ended its worker, more than once. */
      readonly type: "crashed";
      readonly index: number | undefined;
      readonly message: string;
      readonly exitCode: number | undefined;
      readonly signal: string | undefined;
    }
  | { readonly type: "refused"; readonly reason: "refused" | "version"; readonly message: string }
  /** The store does not have all pieces any more. */
  | { readonly type: "missing" };

/** Structured clone as bytes: what a kernel returns crosses as it does between threads. */
export function pack(value: unknown): Buffer {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

/** @param bytes made by `pack`; their signature or digest was checked */
export function unpack(bytes: Uint8Array): unknown {
  const deserializer = new Deserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue() as unknown;
}
