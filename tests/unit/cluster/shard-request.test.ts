import { expect, it } from "vitest";
import {
  type Manifest,
  PIECE_BYTES,
  pack,
  type ShardRequest,
  unpack,
} from "../../../src/cluster/messages.js";
import { BadManifest, checkManifest } from "../../../src/cluster/shard-request.js";
import { type JobSpec, packJob } from "../../../src/protocol/job-spec.js";

const FLOAT64 = 8;
const digest = "0".repeat(64);
const job: JobSpec = {
  shape: "array",
  tasks: 10,
  length: 100,
  chunkSize: 10,
  inputs: { names: null, arrays: [0] },
  outputs: null,
  args: null,
  shared: null,
};
const manifest: Manifest = {
  kernel: { module: digest, name: "kernel" },
  job: packJob(job),
  spans: [{ bytes: 800, pieces: [digest] }],
  places: [[FLOAT64, 0, 0, 100]],
  items: null,
  outputs: { names: null, kinds: [FLOAT64] },
  taskBytes: 80,
};
const request = { first: 2, end: 4 } as ShardRequest;
const LIMIT = 1000;

it("what a client makes passes, also through the store", () => {
  const spec = checkManifest(unpack(pack(manifest)) as Manifest, request, LIMIT);
  expect(spec).toMatchObject({ tasks: 10, length: 100, chunkSize: 10 });
});

const { spans, places } = manifest;
it.each<[string, Partial<Manifest>, Partial<ShardRequest>]>([
  ["more tasks than there may be", { job: packJob({ ...job, tasks: 2 ** 30 }) }, {}],
  ["a shard beyond the job", {}, { end: 11 }],
  ["an empty shard", {}, { end: 2 }],
  ["half a task", {}, { first: 1.5 }],
  ["chunks of no size", { job: packJob({ ...job, chunkSize: 0 }) }, {}],
  ["inputs that are not there", { job: packJob({ ...job, inputs: { names: null, arrays: [1] } }) }, {}],
  ["captured values", { job: packJob({ ...job, captures: new Uint8Array(1) }) }, {}],
  ["too few pieces", { spans: [{ bytes: PIECE_BYTES + 1, pieces: [digest] }] }, {}],
  ["an address that is none", { spans: [{ bytes: 800, pieces: ["../secret"] }] }, {}],
  ["bytes beyond the cap", { spans: [...spans, { bytes: 400, pieces: [digest] }] }, {}],
  ["outputs beyond the cap", { outputs: { names: null, kinds: new Array(9).fill(FLOAT64) } }, {}],
  ["an array beyond its span", { places: [[FLOAT64, 0, 8, 100]] }, {}],
  ["an array of a span that is not there", { places: [[FLOAT64, 3, 0, 100]] }, {}],
  ["an array between two elements", { places: [[FLOAT64, 0, 4, 10]] }, {}],
  ["an array of no kind", { places: [[99, 0, 0, 1]] }, {}],
  ["a length below zero", { places: [[FLOAT64, 0, 0, -1], ...places] }, {}],
  ["an output of no kind", { outputs: { names: null, kinds: [-1] } }, {}],
])("%s is refused before anything is allocated", (_, changed, asked) => {
  const check = () => checkManifest({ ...manifest, ...changed }, { ...request, ...asked }, LIMIT);
  expect(check).toThrow(BadManifest);
});
