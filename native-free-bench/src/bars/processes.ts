/** Bars over whole processes: what it costs a short program to use the library at all. */
import { type Effort, type Measured, WORKERS } from "../harness/cell.js";
import { ratiosOf, type Times } from "../harness/race.js";
import { median } from "../harness/statistics.js";
import { type Duel, judge, type Limit } from "./duel.js";
import { hasPeers, openPrograms, PEERS, type Program } from "./programs.js";

const EMPTY: Program = "empty process";
const IMPORT: Program = "import sharray";
const SEQUENTIAL: Program = "sharray, sequential";
const THREADS: Program = "sharray, threads";

// Processes differ by some percent.
const ROUNDS = 21;

/** A duel whose figure has a limit of its own, whatever it was before. */
export interface Bounded {
  readonly duel: Duel;
  readonly limit: Limit;
  /** What the gate lets pass: the limit, or a little more than the figure as long as the limit is missed (see the README). */
  readonly guard: number;
}

function programDuel(name: string, programs: readonly Program[], figures: Duel["figures"]): Duel {
  return {
    name,
    reference: programs[0] as Program,
    rounds: ROUNDS,
    open: async () => openPrograms(programs),
    figures,
  };
}

const importing: Bounded = {
  duel: programDuel("A process that imports the library", [EMPTY, IMPORT], (times) => {
    const empty = times.get(EMPTY) ?? [];
    return (times.get(IMPORT) ?? []).map((ms, i) => ms - (empty[i] as number));
  }),
  limit: { number: 12, what: "importing, over an empty process", limit: 25, rule: "at most", unit: "ms" },
  guard: 25,
};

const sequentialCall: Bounded = {
  duel: programDuel("A process of one sequential call", [EMPTY, SEQUENTIAL], (times) =>
    ratiosOf(times, SEQUENTIAL, EMPTY),
  ),
  limit: {
    number: 13,
    what: "a process of one sequential call against an empty one",
    limit: 1.25,
    rule: "at most",
    unit: "x",
  },
  guard: 1.5,
};

const threadsCall: Bounded = {
  duel: programDuel("A process of one call on threads", [THREADS, ...PEERS], (times) =>
    ratiosOf(times, THREADS, fastestPeer(times)),
  ),
  limit: {
    number: 14,
    what: "a process of one call on two threads against the faster of piscina and workerpool",
    limit: 1.1,
    rule: "at most",
    unit: "x",
  },
  guard: 1.4,
};

function fastestPeer(times: Times): string {
  const typical = (name: string): number => median(times.get(name) ?? []);
  return [...PEERS].sort((a, b) => typical(a) - typical(b))[0] as string;
}

/** Those that can be measured here. */
export function boundedDuels(): Bounded[] {
  return [importing, sequentialCall, ...(hasPeers() && WORKERS > 1 ? [threadsCall] : [])];
}

export async function wholeProcesses(effort: Effort): Promise<Partial<Measured>> {
  const judged: Partial<Measured>[] = [];
  for (const { duel, limit } of boundedDuels()) judged.push(await judge(duel, effort, limit));
  return {
    tables: judged.flatMap(({ tables }) => tables ?? []),
    bars: judged.flatMap(({ bars }) => bars ?? []),
    skipped: hasPeers() ? [] : ["piscina and workerpool are not installed: npm ci in native-free-bench"],
  };
}
