import { expect, it } from "vitest";
import { Arena } from "../../../src/memory/arena.js";
import { makeRoom } from "../../../src/memory/make-room.js";

const KB = 1024;

/** An arena whose workers let go of memory when they are to collect their garbage. */
function arenaOf(limit: number): Arena {
  const told = new Set<number>();
  const workers = {
    forget: (id: number) => {
      told.add(id);
      return true;
    },
    collect: async () => {
      for (const id of told) arena.unheld(id);
      told.clear();
    },
  };
  const arena: Arena = new Arena(limit, workers);
  return arena;
}

it("room is made of what workers let go of, though it is of another size", async () => {
  const arena = arenaOf(1024 * KB);
  arena.giveAfter(arena.take(640 * KB), "workers");
  expect(arena.usage().bytesUncollected).toBe(640 * KB);
  expect(arena.hasRoom([768 * KB])).toBe(false);
  expect(await makeRoom(arena, [768 * KB])).toBe(true);
  expect(arena.take(768 * KB).buffer.byteLength).toBe(768 * KB);
});

it("there is no room beside what is in use", async () => {
  const arena = arenaOf(1024 * KB);
  arena.take(640 * KB);
  expect(await makeRoom(arena, [512 * KB])).toBe(false);
});
