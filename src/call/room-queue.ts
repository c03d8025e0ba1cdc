/** Passes that wait for memory: one at a time, in the order in which they came. */
import { MemoryLimitError } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import { LEAVE_MS } from "../memory/limits.js";
import { makeRoom, workersLeave } from "../memory/make-room.js";
import { ownItems } from "../protocol/items.js";
import type { StrategySet } from "../strategies/strategy-set.js";
import type { CallRecord, Pass } from "./call-record.js";
import { needsOf } from "./needs.js";
import type { Planner } from "./planner.js";
import { RoomWait } from "./room-wait.js";

// Other calls may take the room that was made.
const MOST_TRIES = 4;
const NO_ROOM = "its arrays do not fit into shared memory under maxSharedBytes";

export class RoomQueue {
  readonly #arena: Arena;
  readonly #strategies: StrategySet;
  readonly #planner: Planner;
  /** Resolves when all have begun that wait so far. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(arena: Arena, strategies: StrategySet, planner: Planner) {
    this.#arena = arena;
    this.#strategies = strategies;
    this.#planner = planner;
  }

  /**
   * Waits for its turn and for workers to leave, makes room, and begins.
   * @param lack says that there was no room; `undefined` if nobody tried
   * @param begin begins the pass. @throws MemoryLimitError, before the pass has its memory, if there is no room
   * @throws MemoryLimitError, and whatever `begin` throws
   */
  async enter(
    call: CallRecord,
    pass: Pass,
    lack: MemoryLimitError | undefined,
    begin: (hereBecause?: string) => void,
  ): Promise<void> {
    // The caller may change its list from here on.
    pass.request = { ...pass.request, items: ownItems(pass.request.items) };
    const attempt = (hereBecause?: string): MemoryLimitError | undefined => {
      try {
        begin(hereBecause);
        return undefined;
      } catch (error) {
        if (error instanceof MemoryLimitError && pass.memory === undefined) return error;
        throw error;
      }
    };
    const wait = new RoomWait();
    call.runs(wait);
    const before = this.#last;
    // Two at a time would take each other's room.
    this.#last = Promise.all([before, wait.over]);
    try {
      await wait.until(before);
      if (lack === undefined) {
        await wait.until(workersLeave(this.#arena, LEAVE_MS));
        lack = attempt();
      }
      for (let tries = 1; lack !== undefined; tries += 1) {
        const hasRoom = await this.#makeRoom(pass, wait, tries > 1);
        if (hasRoom === undefined || tries > MOST_TRIES) throw lack;
        lack = attempt(hasRoom ? undefined : NO_ROOM);
      }
    } finally {
      wait.end();
    }
  }

  /** @returns whether there is room for the pass as it is planned; `undefined` if not even for one on this thread */
  async #makeRoom({ request, plan }: Pass, wait: RoomWait, isRefused: boolean): Promise<boolean | undefined> {
    const { strategy } = plan as NonNullable<Pass["plan"]>;
    const { descriptor } = this.#strategies.get(strategy);
    const needs = needsOf(request, descriptor.placesArrays);
    const hasRoom = await wait.until(makeRoom(this.#arena, needs, isRefused));
    const mayStay = !descriptor.isHere && this.#planner.mayChoose(request);
    return hasRoom || mayStay ? hasRoom : undefined;
  }
}
