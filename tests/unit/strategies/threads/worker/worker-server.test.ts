import { expect, it } from "vitest";
import { Arena } from "../../../../../src/memory/arena.js";
import { type Descriptor, packPlaces } from "../../../../../src/protocol/descriptor.js";
import { BELL_BYTES } from "../../../../../src/protocol/doorbell.js";
import { openBlock } from "../../../../../src/protocol/job-block.js";
import type { ReportMessage, WakeMessage } from "../../../../../src/protocol/messages.js";
import { openRound } from "../../../../../src/protocol/round.js";
import { WorkerServer } from "../../../../../src/strategies/threads/worker/worker-server.js";
import { inlineAddress } from "../../../kernel/addresses.js";

/** Wake-ups for rounds of one task that are all the same, each open once the one before has been left. */
function rounds() {
  const arena = new Arena(2 ** 20);
  const { region: block } = openBlock(arena, 1, { packing: "numbers", numbers: Float64Array.of(1) });
  const inputs = { names: null, arrays: [] };
  const descriptor: Descriptor = {
    spec: {
      shape: "items",
      tasks: 1,
      length: 1,
      chunkSize: 1,
      inputs,
      outputs: null,
      args: null,
      shared: null,
    },
    kernel: 1,
    block: block.id,
    packing: "numbers",
    tasks: 1,
    stream: false,
    slots: true,
    grows: true,
    logged: 0,
    places: new Uint8Array(0),
  };
  let opened = 0;
  let round = openRound(arena, descriptor, 1, undefined, true);
  const next = (): WakeMessage => {
    if (opened > 0) {
      if (!round.leave(0).hasLeft) throw new Error("The round before was not left");
      arena.give(round.region);
      round = openRound(arena, descriptor, 1, undefined, true);
    }
    opened += 1;
    const { region, descriptorBytes, version } = round;
    const isFirst = opened === 1;
    return {
      round: opened,
      memory: region.id,
      descriptorBytes,
      version,
      orderLength: 0,
      workers: 1,
      participant: 0,
      handles: isFirst
        ? new Map([
            [region.id, region.buffer],
            [block.id, block.buffer],
          ])
        : null,
      kernel: isFirst ? inlineAddress("(x) => x", "same") : null,
      forget: null,
      forgetKernels: null,
    };
  };
  return { next, count: () => opened };
}

// Nothing on its way from one round to the next needs a turn of the event loop.
it("a worker gives the event loop its turns, though the next round is always there", async () => {
  const { next, count } = rounds();
  let isFired = false;
  let isAsked = false;
  const limit = performance.now() + 20_000;
  const takeMessage = (): WakeMessage | undefined => {
    // One at each look.
    isAsked = !isAsked;
    return isAsked && !isFired && performance.now() < limit ? next() : undefined;
  };
  const bell = new SharedArrayBuffer(BELL_BYTES);
  const port = { postMessage: () => {} };
  const server = new WorkerServer(port, { initializer: null, bell, parks: true, spins: false }, takeMessage);
  setTimeout(() => {
    isFired = true;
  }, 1);
  await server.receive(next());
  expect(isFired).toBe(true);
  expect(count()).toBeGreaterThan(1);
});

it.each([
  ["serves", "() => {}", null],
  [
    "cannot serve, with the error of its initializer",
    "() => { throw new RangeError('not today'); }",
    "RangeError",
  ],
])("a worker reports at its start that it %s", async (_what, source, name) => {
  const bell = new SharedArrayBuffer(BELL_BYTES);
  const initializer = inlineAddress(source, "initializer");
  const report = await new Promise<unknown>((resolve) => {
    const setup = { initializer, bell, parks: false, spins: false };
    new WorkerServer({ postMessage: resolve }, setup, () => undefined);
  });
  const broken = name === null ? null : expect.objectContaining({ name, message: "not today" });
  expect(report).toEqual({ round: null, broken });
});

/** Rounds of one task each, every one in a region of its own, with a kernel of a number. */
function roundsOf(arena: Arena) {
  let last = 0;
  return (kernel: number, source: string | null, forgetKernels: number[] | null = null) => {
    last += 1;
    const { region, block } = openBlock(arena, 1, undefined);
    const descriptor: Descriptor = {
      spec: {
        shape: "list",
        tasks: 1,
        length: 0,
        chunkSize: 1,
        inputs: { names: null, arrays: [0] },
        outputs: null,
        args: null,
        shared: null,
      },
      kernel,
      block: region.id,
      packing: null,
      tasks: 1,
      stream: false,
      slots: true,
      grows: true,
      logged: 0,
      places: packPlaces([{ memory: region.id, kind: 1, byteOffset: 0, length: 1 }]),
    };
    const round = openRound(arena, descriptor, 1, undefined, true);
    const wake: WakeMessage = {
      round: last,
      memory: round.region.id,
      descriptorBytes: round.descriptorBytes,
      version: round.version,
      orderLength: 0,
      workers: 1,
      participant: 0,
      handles: new Map([
        [round.region.id, round.region.buffer],
        [region.id, region.buffer],
      ]),
      kernel: source === null ? null : inlineAddress(source, "k"),
      forget: null,
      forgetKernels,
    };
    const value = (): unknown => block.results.collect(new Map())[0];
    return { wake, value };
  };
}

it("a worker forgets kernels when it is told, but none that an earlier round needs", async () => {
  const open = roundsOf(new Arena(2 ** 20));
  const bell = new SharedArrayBuffer(BELL_BYTES);
  const reports: ReportMessage[] = [];
  const port = { postMessage: (message: ReportMessage) => reports.push(message) };
  const server = new WorkerServer(
    port as never,
    { initializer: null, bell, parks: false, spins: false },
    () => undefined,
  );
  const first = open(1, "() => 11");
  await server.receive(first.wake);
  const second = open(1, null);
  const third = open(2, "() => 22", [1]);
  await Promise.all([server.receive(second.wake), server.receive(third.wake)]);
  expect([first, second, third].map(({ value }) => value())).toEqual([11, 11, 22]);
  const brokenBefore = reports.filter(({ broken }) => broken);
  expect(brokenBefore).toEqual([]);
  // The same number again, with another text: what was there is gone.
  const fourth = open(1, null);
  await server.receive(fourth.wake);
  expect(reports.filter(({ broken }) => broken)).toHaveLength(1);
  const back = open(1, "() => 33");
  const more = open(1, null);
  await Promise.all([server.receive(back.wake), server.receive(more.wake)]);
  expect([back, more].map(({ value }) => value())).toEqual([33, 33]);
});
