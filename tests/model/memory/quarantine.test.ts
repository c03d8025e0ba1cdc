import { describe, expect, it } from "vitest";
import { explore } from "../explorer.js";
import { type MemoryBounds, type MemoryRules, memoryRules, memorySystem } from "./quarantine.js";

const SMALL: MemoryBounds = { workers: 1, uses: 2, deaths: 0, collections: 1 };

describe("memory that kernels may reach after their tasks", () => {
  it.each([
    ["a worker, three uses", { ...SMALL, uses: 3, collections: 2 }],
    ["two workers", { ...SMALL, workers: 2 }],
    ["two workers, one of which may die", { ...SMALL, workers: 2, deaths: 1, collections: 0 }],
  ] as const)("is never used by two jobs at once, and always comes back: %s", (_, bounds) => {
    const { states, found } = explore(memorySystem(memoryRules, bounds));
    expect(found).toBeUndefined();
    expect(states).toBeGreaterThan(100);
  });
});

const MUTATIONS: readonly (readonly [name: string, breaks: string, rules: Partial<MemoryRules>])[] = [
  ["the region is idle as soon as all workers have left", "recycle", { given: () => "idle" }],
  [
    "a report counts for all that was told by now, though it was sent before",
    "recycle",
    { isGone: ({ untold }) => !untold },
  ],
  [
    "a worker names all that it let go, whether it is gone or not",
    "recycle",
    { names: (worker) => worker.hasGarbage },
  ],
  [
    "a worker takes a new handle before it lets the old one go",
    "hang",
    {
      enter(worker, { forget, handle }) {
        const after = handle ? { ...worker, hasHandle: true } : worker;
        return forget ? { ...after, hasHandle: false } : after;
      },
    },
  ],
];

describe("broken on purpose", () => {
  it.each(MUTATIONS)("%s", (_, breaks, rules) => {
    const { found } = explore(
      memorySystem({ ...memoryRules, ...rules }, { ...SMALL, uses: 3, collections: 2 }),
    );
    expect(found?.violation.property).toBe(breaks);
  });
});
