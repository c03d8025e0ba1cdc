import { describe, expect, it, vi } from "vitest";
import { NO_PARTS } from "../../../src/bridge/wire.js";
import { readItemsCall } from "../../../src/call/read-request.js";
import { Arena } from "../../../src/memory/arena.js";
import type { Descriptor } from "../../../src/protocol/descriptor.js";
import { isSameJob, type JobSpec, packJob, unpackJob } from "../../../src/protocol/job-spec.js";
import type { WakeMessage } from "../../../src/protocol/messages.js";
import { callSettings } from "../call/settings.js";

/** Of each field two values: a new field of the table must be told here, or the types do not hold. */
const VALUES: { readonly [Name in keyof Required<JobSpec>]: readonly [JobSpec[Name], JobSpec[Name]] } = {
  shape: ["columns", "array"],
  tasks: [5, 6],
  length: [2 ** 40, 7],
  chunkSize: [3, 4],
  inputs: [
    { names: ["größe", "__proto"], arrays: [0, 1] },
    { names: ["größe", "__proto"], arrays: [0, 2] },
  ],
  first: [128, undefined],
  rowLength: [3, undefined],
  before: [0, 499],
  after: [2, undefined],
  outputs: [{ names: null, arrays: [2] }, null],
  per: [[1, 4], undefined],
  capacity: [1000, undefined],
  starts: [3, undefined],
  keeps: [[0], [1]],
  writesOwn: [true, undefined],
  clearOutputs: [true, undefined],
  passes: [512, undefined],
  tolerance: [1e-9, undefined],
  firstPass: [511, undefined],
  args: [Uint8Array.of(1, 2), Uint8Array.of(1, 3)],
  shared: [null, Uint8Array.of(1)],
  seed: [2 ** 53 - 1, undefined],
  captures: [Uint8Array.of(1), undefined],
  single: [true, undefined],
  earlier: [12, undefined],
};
const NAMES = Object.keys(VALUES) as (keyof JobSpec)[];

/** A job of first values, except for one field. */
function jobWith(changed?: keyof JobSpec): JobSpec {
  const entries = NAMES.map((name) => [name, VALUES[name][name === changed ? 1 : 0]]);
  return Object.fromEntries(entries) as JobSpec;
}

type Protocol = Pick<typeof import("../../../src/protocol/round.js"), "openRound"> &
  Pick<typeof import("../../../src/protocol/opened-round.js"), "readRound">;

/** The job as a worker reads it. */
function throughRound({ openRound, readRound }: Protocol, spec: JobSpec): JobSpec {
  const descriptor: Descriptor = {
    spec,
    kernel: 7,
    block: 8,
    packing: null,
    tasks: 3,
    stream: false,
    slots: true,
    grows: true,
    logged: 0,
    places: new Uint8Array(0),
  };
  const round = openRound(new Arena(2 ** 20), descriptor, 1, undefined, false);
  const wake = { ...round, participant: 0 } as unknown as WakeMessage;
  return readRound(round.region.buffer, wake).descriptor.spec;
}

type Bridge = Pick<
  typeof import("../../../src/bridge/wire.js"),
  "askedBy" | "isSameRequest" | "packRequest" | "unpackRequest"
>;

const request = readItemsCall([1], (i: number) => i, {}, callSettings());

/** The job as the host of a bridge reads it. */
function throughBridge({ askedBy, packRequest, unpackRequest }: Bridge, spec: JobSpec): JobSpec {
  const wire = structuredClone(packRequest(askedBy(request, spec)));
  return unpackRequest(wire, request.kernel, NO_PARTS).spec;
}

describe("a field of a job", () => {
  it.each(NAMES)("crosses to a worker and to the host of a bridge: %s", async (name) => {
    const { openRound } = await import("../../../src/protocol/round.js");
    const protocol = { openRound, ...(await import("../../../src/protocol/opened-round.js")) };
    const bridge = await import("../../../src/bridge/wire.js");
    for (const spec of [jobWith(), jobWith(name)]) {
      expect(throughRound(protocol, spec)).toEqual(spec);
      expect(throughBridge(bridge, spec)).toEqual(spec);
      expect(unpackJob(packJob(spec))[name]).toEqual(spec[name]);
    }
  });

  it.each(NAMES)("makes two jobs different by its value alone: %s", async (name) => {
    const { askedBy, isSameRequest } = await import("../../../src/bridge/wire.js");
    const [job, equal, other] = [jobWith(), structuredClone(jobWith()), jobWith(name)];
    expect([isSameJob(job, equal), isSameJob(job, other), isSameJob(other, job)]).toEqual([
      true,
      false,
      false,
    ]);
    const asked = askedBy(request, job);
    expect(isSameRequest(asked, askedBy(request, equal))).toBe(true);
    expect(isSameRequest(asked, askedBy(request, other))).toBe(false);
  });

  it("is compared as long as that is sooner than sending it", () => {
    const few = { ...jobWith(), args: new Uint8Array(1024) };
    expect(isSameJob(few, structuredClone(few))).toBe(true);
    const many = { ...jobWith(), args: new Uint8Array(1025) };
    expect(isSameJob(many, structuredClone(many))).toBe(false);
    expect(isSameJob(many, { ...many })).toBe(true);
  });

  it("that is new takes one line of the table, and nothing else", async () => {
    vi.resetModules();
    vi.doMock("../../../src/protocol/job-fields.js", async (original) => {
      const table = await original<typeof import("../../../src/protocol/job-fields.js")>();
      return { ...table, JOB_FIELDS: { ...table.JOB_FIELDS, dummy: table.JOB_FIELDS.clearOutputs } };
    });
    const { openRound } = await import("../../../src/protocol/round.js");
    const protocol = { openRound, ...(await import("../../../src/protocol/opened-round.js")) };
    const bridge = await import("../../../src/bridge/wire.js");
    const { isSameJob } = await import("../../../src/protocol/job-spec.js");
    const job = jobWith();
    const withDummy: JobSpec & { dummy: boolean } = { ...job, dummy: true };
    expect(throughRound(protocol, withDummy)).toEqual(withDummy);
    expect(throughBridge(bridge, withDummy)).toEqual(withDummy);
    expect(throughRound(protocol, job)).toEqual(job);
    expect([isSameJob(withDummy, { ...withDummy }), isSameJob(withDummy, job)]).toEqual([true, false]);
    expect(bridge.isSameRequest(bridge.askedBy(request, withDummy), bridge.askedBy(request, job))).toBe(
      false,
    );
    vi.doUnmock("../../../src/protocol/job-fields.js");
  });
});
