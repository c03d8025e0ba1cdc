import { describe, expect, it, vi } from "vitest";
import { CALLER_MUTATIONS } from "./caller-mutations.js";
import { explore, type System } from "./explorer.js";
import { GATE_MUTATIONS } from "./gate-mutations.js";
import { MOST_TASKS } from "./key.js";
import { SMALL } from "./mutation.js";
import { asBuilt, systemOf } from "./protocol.js";
import { CALLER_PLACES, OUTCOMES, type State, WORKER_PLACES } from "./state.js";
import { count } from "./tasks.js";
import { printTrace } from "./trace.js";
import { UNREAD_MUTATIONS } from "./unread-mutations.js";
import { WORKER_MUTATIONS } from "./worker-mutations.js";
import { WORLDS } from "./worlds.js";

// A bound for failures: all of it takes some ten seconds.
vi.setConfig({ testTimeout: 60_000 });

describe("the protocol as it is built", () => {
  const visited = { workers: new Set<string>(), caller: new Set<string>(), outcomes: new Set<string>() };
  let retried = false;

  /** The same system; notes where it gets to. */
  function noting(system: System<State>): System<State> {
    return {
      ...system,
      steps(state) {
        for (const { place } of state.workers) visited.workers.add(place);
        visited.caller.add(state.place);
        visited.outcomes.add(state.outcome);
        retried ||= count(state.order) < state.blame.length && state.outcome === "resolved";
        return system.steps(state);
      },
    };
  }

  it.each(WORLDS)("holds: $name", ({ bounds, states }) => {
    expect(bounds.tasks).toBeLessThanOrEqual(MOST_TASKS);
    const result = explore(noting(systemOf(asBuilt, bounds)));
    expect(result.found && printTrace(result.found)).toBeUndefined();
    expect(result.states).toBe(states);
  });

  it("was seen at every place, with every outcome, and after another round", () => {
    expect([...visited.workers].sort()).toEqual([...WORKER_PLACES].sort());
    expect([...visited.caller].sort()).toEqual([...CALLER_PLACES].sort());
    expect([...visited.outcomes].sort()).toEqual([...OUTCOMES].sort());
    expect(retried).toBe(true);
  });
});

const MUTATIONS = [...WORKER_MUTATIONS, ...CALLER_MUTATIONS, ...GATE_MUTATIONS, ...UNREAD_MUTATIONS];

describe("broken on purpose", () => {
  it.for(MUTATIONS)("$name", async ({ breaks, bounds, protocol }, { annotate }) => {
    const within = { ...SMALL, ...bounds };
    expect(explore(systemOf(asBuilt, within)).found).toBeUndefined();
    const { found } = explore(systemOf(protocol, within));
    expect(found?.violation.property).toBe(breaks);
    if (found !== undefined) await annotate(printTrace(found));
  });

  it("breaks every property", () => {
    const properties = new Set(MUTATIONS.map(({ breaks }) => breaks));
    expect([...properties].sort()).toEqual([
      "abort",
      "blame",
      "bound",
      "hang",
      "once",
      "partial",
      "race",
      "recycle",
      "result",
      "retries",
    ]);
  });

  it("shows how, in as few steps as possible", () => {
    const [first] = MUTATIONS;
    const { found } = explore(systemOf(first!.protocol, SMALL));
    expect(found && `\n${printTrace(found)}\n`).toMatchInlineSnapshot(`
      "
        1  worker 0  joins the round                                    NEXT 0  LIMIT 2  OPEN 0  POSTED 0
        2  worker 0  claims 1: NEXT += 1                                NEXT 1  LIMIT 2  OPEN 0  POSTED 0
        3  worker 0  OPEN += 1                                          NEXT 1  LIMIT 2  OPEN 1  POSTED 0
        4  worker 0  0 < LIMIT: has the claim                           NEXT 1  LIMIT 2  OPEN 1  POSTED 0
        5  worker 0  0 < LIMIT: notes and starts the task               NEXT 1  LIMIT 2  OPEN 1  POSTED 0
        6  worker 0  runs task {0}                                      NEXT 1  LIMIT 2  OPEN 1  POSTED 0
        7  worker 0  writes the slot                                    NEXT 1  LIMIT 2  OPEN 1  POSTED 0
        8  worker 0  writes the kind NUMBER                             NEXT 1  LIMIT 2  OPEN 1  POSTED 0
        9  worker 0  ends the claim: OPEN -= 1                          NEXT 1  LIMIT 2  OPEN 0  POSTED 0
       10  worker 0  claims 1: NEXT += 1                                NEXT 2  LIMIT 2  OPEN 0  POSTED 0
       11  worker 1  joins the round                                    NEXT 2  LIMIT 2  OPEN 0  POSTED 0
       12  worker 1  claims 1: NEXT += 1                                NEXT 3  LIMIT 2  OPEN 0  POSTED 0
       13  worker 1  OPEN += 1                                          NEXT 3  LIMIT 2  OPEN 1  POSTED 0
       14  worker 1  2 >= LIMIT: finds nothing                          NEXT 3  LIMIT 2  OPEN 1  POSTED 0
       15  worker 1  OPEN -= 1                                          NEXT 3  LIMIT 2  OPEN 0  POSTED 0
       16  worker 1  must say that it leaves                            NEXT 3  LIMIT 2  OPEN 0  POSTED 0
       17  worker 1  leaves                                             NEXT 3  LIMIT 2  OPEN 0  POSTED 0
       18  caller    receives the leave of worker 1                     NEXT 3  LIMIT 2  OPEN 0  POSTED 0
       19  caller    reads NEXT = 3                                     NEXT 3  LIMIT 2  OPEN 0  POSTED 0
       20  caller    NEXT >= LIMIT                                      NEXT 3  LIMIT 2  OPEN 0  POSTED 0
       21  caller    OPEN === 0                                         NEXT 3  LIMIT 2  OPEN 0  POSTED 0
       22  caller    POSTED === received: the round has ended           NEXT 3  LIMIT 2  OPEN 0  POSTED 0
       23  caller    the run returns: collects the results              NEXT 3  LIMIT 2  OPEN 0  POSTED 0
           result: the call resolves without the value of tasks {1}
      "
    `);
  });
});
