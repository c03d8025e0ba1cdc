/**
 * A model of one region whose kernels may leave work behind: who has handles of it, what is on its way between the threads, and
 * when it is used again. Places in the source: memory/arena.ts, strategies/threads/known-memory.ts and pool.ts,
 * strategies/threads/worker/worker-memory.ts and worker-server.ts.
 */
import type { Step, System, Violation } from "../explorer.js";

export interface MemoryBounds {
  readonly workers: number;
  /** How often the region is used. */
  readonly uses: number;
  /** Workers that may die. */
  readonly deaths: number;
  /** Requests to collect that may be made without need, as other memory is in the way. */
  readonly collections: number;
}

/** `WakeMessage` (with or without a handle of this region) and `CollectMessage`, as far as they are about it. */
interface ToWorker {
  readonly forget: boolean;
  readonly handle: boolean;
  /** The use whose task the worker is to run; 0: none. */
  readonly use: number;
  readonly collect: boolean;
}

interface WorkerMemoryState {
  readonly isAlive: boolean;
  // What the calling thread takes it to have: `KnownMemory`.
  readonly known: boolean;
  readonly untold: boolean;
  readonly garbage: boolean;
  readonly isCollecting: boolean;
  /** It was woken for the present use and has not left. */
  readonly holds: boolean;
  // The worker itself: `WorkerMemory`, and what a kernel has left behind.
  readonly hasHandle: boolean;
  readonly hasGarbage: boolean;
  /** The use whose arrays a kernel may still reach; 0: none. */
  readonly reach: number;
  readonly inbox: readonly ToWorker[];
  /** `CollectedReport`s: whether it names the region. */
  readonly outbox: readonly boolean[];
}

export interface MemoryState {
  /** What the arena has it as. */
  readonly region: "idle" | "used" | "quarantine";
  readonly use: number;
  readonly deaths: number;
  readonly collections: number;
  readonly workers: readonly WorkerMemoryState[];
  readonly violation: Violation | undefined;
}

/** Decisions that mutations replace. */
export interface MemoryRules {
  /** arena.ts, Arena.giveAfter: where a region goes that kernels may reach. */
  given(state: MemoryState): MemoryState["region"];
  /** known-memory.ts, KnownMemory.collected: whether the region is gone from the worker that reports. */
  isGone(worker: WorkerMemoryState, isNamed: boolean): boolean;
  /** worker-memory.ts, WorkerMemory.collect: whether the worker names the region. */
  names(worker: WorkerMemoryState): boolean;
  /** worker-server.ts, WorkerServer.#enter: what the worker has after a message. */
  enter(worker: WorkerMemoryState, message: ToWorker): WorkerMemoryState;
}

const holdsMemory = ({ known, garbage }: WorkerMemoryState): boolean => known || garbage;

function letGo(worker: WorkerMemoryState): WorkerMemoryState {
  return worker.hasHandle ? { ...worker, hasHandle: false, hasGarbage: true } : worker;
}

export const memoryRules: MemoryRules = {
  given({ workers }) {
    return workers.some(holdsMemory) ? "quarantine" : "idle";
  },

  isGone(_worker, isNamed) {
    return isNamed;
  },

  names({ hasGarbage, reach }) {
    return hasGarbage && reach === 0;
  },

  enter(worker, { forget, handle }) {
    const before = forget ? letGo(worker) : worker;
    return handle ? { ...before, hasHandle: true } : before;
  },
};

const FRESH: WorkerMemoryState = {
  isAlive: true,
  known: false,
  untold: false,
  garbage: false,
  isCollecting: false,
  holds: false,
  hasHandle: false,
  hasGarbage: false,
  reach: 0,
  inbox: [],
  outbox: [],
};

export function memorySystem(rules: MemoryRules, bounds: MemoryBounds): System<MemoryState> {
  const { deaths, collections } = bounds;
  return {
    initial: {
      region: "idle",
      use: 0,
      deaths,
      collections,
      workers: Array.from({ length: bounds.workers }, () => FRESH),
      violation: undefined,
    },
    key: (state) =>
      JSON.stringify({ ...state, workers: state.workers.map((each) => JSON.stringify(each)).sort() }),
    violationOf: ({ violation }) => violation,
    isEnd: ({ region, use }) => region === "idle" && use === bounds.uses,
    steps(state) {
      const steps: Step<MemoryState>[] = [];
      const add = (actor: string, action: string, next: MemoryState, isProgress = true): void => {
        steps.push({ actor, action, state: next, isProgress });
      };
      arenaSteps(rules, bounds, state, add);
      state.workers.forEach((worker, i) => {
        if (!worker.isAlive) return;
        poolSteps(rules, state, worker, i, add);
        workerSteps(rules, state, worker, i, add);
      });
      return steps;
    },
  };
}

type Add = (actor: string, action: string, next: MemoryState, isProgress?: boolean) => void;

function withWorker(state: MemoryState, i: number, worker: WorkerMemoryState): MemoryState {
  return { ...state, workers: state.workers.map((each, at) => (at === i ? worker : each)) };
}

/** arena.ts, Arena.unheld. */
function unheld(state: MemoryState): MemoryState {
  const isFree = state.region === "quarantine" && !state.workers.some(holdsMemory);
  return isFree ? { ...state, region: "idle" } : state;
}

function arenaSteps(rules: MemoryRules, bounds: MemoryBounds, state: MemoryState, add: Add): void {
  if (state.region === "idle" && state.use < bounds.uses) {
    add("arena", "gives the region to a job", { ...state, region: "used", use: state.use + 1 });
  }
  if (state.region !== "used" || state.workers.some(({ holds }) => holds)) return;
  // pool.ts, Pool.forget
  const workers = state.workers.map((worker) =>
    worker.known ? { ...worker, known: false, untold: true, garbage: true } : worker,
  );
  const forgotten = { ...state, workers };
  add("arena", "takes the region back", { ...forgotten, region: rules.given(forgotten) });
}

function poolSteps(
  rules: MemoryRules,
  state: MemoryState,
  worker: WorkerMemoryState,
  i: number,
  add: Add,
): void {
  const { known, untold, inbox, isCollecting } = worker;
  const send = (message: Partial<ToWorker>, more: Partial<WorkerMemoryState> = {}): MemoryState => {
    const sent = { forget: untold, handle: false, use: 0, collect: false, ...message };
    return withWorker(state, i, { ...worker, untold: false, inbox: [...inbox, sent], ...more });
  };
  if (state.region === "used" && !worker.holds && inbox.length < 2) {
    // wake-message.ts
    const wake = { handle: !known, use: state.use };
    add("pool", `wakes worker ${i} for the region`, send(wake, { known: true, holds: true }));
  }
  if (untold && inbox.length < 2) add("pool", `wakes worker ${i} for another job`, send({}));
  const isNeeded = worker.garbage;
  if (!isCollecting && (isNeeded || state.collections > 0)) {
    const next = send({ collect: true }, { isCollecting: true });
    const collections = isNeeded ? state.collections : state.collections - 1;
    add("pool", `has worker ${i} collect`, { ...next, collections }, isNeeded);
  }
  const [isNamed, ...outbox] = worker.outbox;
  if (isNamed !== undefined) {
    const garbage = worker.garbage && !rules.isGone(worker, isNamed);
    const heard = withWorker(state, i, { ...worker, garbage, isCollecting: false, outbox });
    add("pool", `hears what worker ${i} has collected`, unheld(heard));
  }
}

function workerSteps(
  rules: MemoryRules,
  state: MemoryState,
  worker: WorkerMemoryState,
  i: number,
  add: Add,
): void {
  const actor = `worker ${i}`;
  const [message, ...inbox] = worker.inbox;
  if (message !== undefined) {
    const entered = { ...rules.enter(worker, message), inbox };
    if (message.collect) {
      const isNamed = rules.names(entered);
      const hasGarbage = entered.hasGarbage && entered.reach !== 0;
      const next = { ...entered, hasGarbage, outbox: [...entered.outbox, isNamed] };
      add(actor, "collects its garbage", withWorker(state, i, next));
    } else if (message.use !== 0) {
      const ran = { ...entered, holds: false };
      add(actor, "runs a task and leaves", withWorker(state, i, ran));
      const lingering = withWorker(state, i, { ...ran, reach: message.use });
      add(actor, "runs a task that leaves work behind, and leaves", lingering, false);
    } else {
      add(actor, "runs a task of another job", withWorker(state, i, entered));
    }
  }
  if (worker.reach !== 0) {
    add(actor, "ends what was left behind", withWorker(state, i, { ...worker, reach: 0 }));
    // It may write at any time: into its own job's memory, or into what nobody has.
    const isOthers = state.region === "idle" || (state.region === "used" && worker.reach !== state.use);
    if (isOthers) {
      const detail = "what was left behind writes into memory that is used again";
      add(actor, "writes", { ...state, violation: { property: "recycle", detail } });
    }
  }
  if (state.deaths > 0) {
    const dead = withWorker({ ...state, deaths: state.deaths - 1 }, i, { ...FRESH, isAlive: false });
    add(actor, "dies", unheld(dead), false);
  }
}
