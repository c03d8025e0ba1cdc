import { describe, expect, it } from "vitest";
import { KeptRounds, type KnownRound } from "../../../../src/strategies/processes/kept-rounds.js";
import type { PartWords, WordsPool } from "../../../../src/strategies/processes/part-words.js";

function setUp() {
  const given: PartWords[] = [];
  const kept = new KeptRounds({ give: (words: PartWords) => given.push(words) } as unknown as WordsPool);
  const roundOf = (name: number): KnownRound => ({ name, words: {} as PartWords });
  return { kept, given, roundOf };
}

describe("kept rounds", () => {
  it("are taken once, by their version", () => {
    const { kept, roundOf } = setUp();
    const round = roundOf(1);
    kept.keep(7, round);
    expect(kept.take(8)).toBeUndefined();
    expect(kept.take(7)).toBe(round);
    expect(kept.take(7)).toBeUndefined();
    expect(kept.takeOver()).toEqual([]);
  });

  it("are eight at most: the one that ended first goes, and its words are free", () => {
    const { kept, given, roundOf } = setUp();
    const rounds = Array.from({ length: 9 }, (_, name) => roundOf(name));
    for (const round of rounds) kept.keep(100 + round.name, round);
    expect(kept.take(100)).toBeUndefined();
    expect(kept.take(101)).toBe(rounds[1]);
    expect(given).toEqual([rounds[0]?.words]);
    expect(kept.takeOver()).toEqual([0]);
    expect(kept.takeOver()).toEqual([]);
  });

  it("all go if anything that they may hold on to must go", () => {
    const { kept, given, roundOf } = setUp();
    kept.keep(7, roundOf(1));
    kept.keep(8, roundOf(2));
    kept.letAllGo();
    expect(given).toHaveLength(2);
    expect(kept.takeOver()).toEqual([1, 2]);
    expect(kept.take(7)).toBeUndefined();
  });
});
