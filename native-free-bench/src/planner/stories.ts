/** The stories: one kernel each, and the shapes in which it is called, one after the other. Plain data. */
import { story } from "./story-rows.js";
import type { Story } from "./story-types.js";

const KB = 1024;
const MB = KB * KB;
const US = 1e3;
const MS = 1e6;

export const stories: readonly Story[] = [
  story("lists of plain arrays", "work", [
    ["list", 32 * MB, 16, US, "plain"],
    ["list", 64 * MB, 2, US, "plain"],
  ]),
  story(
    "lists of plain arrays after dear tasks",
    "work",
    [
      ["list", 64 * KB, 16, MS, "plain"],
      ["list", 32 * MB, 16, US, "plain"],
      ["list", 64 * MB, 2, US, "plain"],
    ],
    "quick",
  ),
  story(
    "arguments",
    "work",
    [
      ["list", 64 * KB, 16, US, "shared", { times: 20 }],
      ["list", 64 * KB, 16, 100 * US, "shared"],
      ["list", 64 * KB, 16, 2 * MS, "shared"],
      ["list", 64 * KB, 16, 10 * US, "shared", { times: 20 }],
      ["list", 64 * KB, 16, MS, "shared"],
    ],
    "quick",
  ),
  story("arguments over plain arrays", "work", [
    ["list", 2 * MB, 8, US, "plain", { times: 20 }],
    ["list", 2 * MB, 8, MS, "plain"],
    ["list", 2 * MB, 8, 10 * US, "plain", { times: 20 }],
    ["list", 2 * MB, 8, 5 * MS, "plain"],
  ]),
  story("chunk size", "passes", [
    ["chunks", 8 * MB, 8, 1, "shared"],
    ["chunks", 8 * MB, 512, 1, "shared"],
    ["chunks", 8 * MB, 20_000, 1, "shared"],
    ["chunks", 8 * MB, 64, 8, "shared"],
  ]),
  story("chunk size and arithmetic", "transform", [
    ["transform", MB, 16, 16, "shared"],
    ["transform", MB, 1000, 16, "shared"],
    ["transform", MB, 4, 64, "shared"],
  ]),
  story("kinds", "passes", [
    ["list", 16 * MB, 16, 4, "shared", { kind: "f64" }],
    ["list", 8 * MB, 16, 4, "shared", { kind: "f32" }],
    ["list", 2 * MB, 16, 4, "shared", { kind: "u8" }],
    ["list", MB, 16, 1, "shared", { kind: "f64", times: 20 }],
    ["list", 32 * KB, 16, 1, "shared", { kind: "u8", times: 20 }],
  ]),
  story("payload on shared memory", "passes", [
    ["list", 64 * KB, 8, 1, "shared", { times: 20 }],
    ["list", MB, 8, 1, "shared", { times: 20 }],
    ["list", 16 * MB, 8, 1, "shared"],
    ["list", 128 * MB, 8, 1, "shared", { times: 5 }],
    ["list", 64 * KB, 8, 1, "shared", { times: 20 }],
  ]),
  story("payload of plain arrays", "passes", [
    ["list", 64 * KB, 8, 1, "plain", { times: 20 }],
    ["list", MB, 8, 1, "plain", { times: 20 }],
    ["list", 16 * MB, 8, 1, "plain"],
    ["list", 64 * MB, 8, 1, "plain", { times: 5 }],
  ]),
  story("list length", "work", [
    ["list", 2 * KB, 2, 20 * US, "shared", { times: 20 }],
    ["list", 16 * KB, 16, 20 * US, "shared", { times: 20 }],
    ["list", 1000 * KB, 1000, 20 * US, "shared"],
    ["list", 100 * KB, 100, 20 * US, "shared"],
  ]),
  story(
    "plain or shared",
    "passes",
    [
      ["list", 16 * MB, 16, 8, "plain"],
      ["list", 16 * MB, 16, 8, "shared"],
      ["list", 16 * MB, 16, 1, "plain"],
      ["list", 16 * MB, 16, 1, "shared"],
    ],
    "quick",
  ),
  story(
    "drifting",
    "hidden",
    [
      ["list", 64 * KB, 16, 10 * US, "shared", { growth: 1.25, times: 20 }],
      ["list", 64 * KB, 16, 700 * US, "shared", { growth: 0.8, times: 20 }],
    ],
    "quick",
  ),
  story("drifting arguments", "work", [
    ["list", 64 * KB, 16, 5 * US, "shared", { growth: 1.3, times: 20 }],
    ["list", 64 * KB, 16, 5 * US, "shared", { times: 20 }],
  ]),
  story(
    "bimodal",
    "hidden",
    [
      ["list", 64 * KB, 16, [5 * US, 500 * US], "shared", { times: 20 }],
      ["list", 64 * KB, 16, [US, US, US, MS], "shared", { times: 20 }],
    ],
    "quick",
  ),
  story("bimodal arguments", "work", [
    ["list", 64 * KB, 16, [2 * US, MS], "shared", { times: 20 }],
    ["list", 4 * MB, 16, [2 * US, MS], "plain", { times: 20 }],
  ]),
  story("first slow, then fast", "hidden", [
    ["list", 64 * KB, 16, 3 * MS, "shared", { growth: 0.6, times: 16 }],
    ["list", 64 * KB, 16, US, "shared", { times: 20 }],
  ]),
  story("first a cache", "cache", [
    ["list", 64 * KB, 16, 5 * US, "shared", { times: 20 }],
    ["list", 64 * KB, 16, 500 * US, "shared"],
  ]),
  story(
    "items",
    "item",
    [
      ["items", MB, 4, 20 * US, "shared", { times: 20 }],
      ["items", MB, 64, 20 * US, "shared", { times: 20 }],
      ["items", MB, 1000, 20 * US, "shared"],
      ["items", MB, 20_000, 20, "shared"],
    ],
    "quick",
  ),
  story("items over a payload", "itemPasses", [
    ["items", 8 * MB, 4, 1, "plain"],
    ["items", 8 * MB, 32, 1, "plain"],
    ["items", 8 * MB, 2, 1, "shared"],
    ["items", 64 * KB, 256, 1, "shared"],
  ]),
  story("transform", "transform", [
    ["transform", 256 * KB, 128, 0, "shared", { times: 20 }],
    ["transform", 4 * MB, 128, 0, "shared"],
    ["transform", 16 * MB, 128, 0, "shared", { times: 6 }],
    ["transform", 4 * MB, 128, 0, "plain"],
    ["transform", 4 * MB, 128, 32, "plain"],
  ]),
  story("reduce", "passes", [
    ["reduce", MB, "default", 1, "shared", { times: 20 }],
    ["reduce", 64 * MB, "default", 1, "shared"],
    ["reduce", MB, "default", 1, "plain", { times: 20 }],
    ["reduce", MB, "default", 16, "plain"],
  ]),
  story("one kernel in three calls", "passes", [
    ["list", 8 * MB, 16, 2, "shared"],
    ["chunks", 8 * MB, "default", 2, "shared"],
    ["reduce", 8 * MB, 16, 2, "shared"],
  ]),
  story("group by", "groups", [
    ["chunks", 40_000_000, "default", 1, "shared", { kind: "f32", times: 3 }],
    ["chunks", 40_000_000, 16, 1, "shared", { kind: "f32", times: 3 }],
    ["chunks", 400_000, "default", 1, "shared", { kind: "f32" }],
    ["chunks", 400_000, 4, 1, "shared", { kind: "f32" }],
  ]),
  story(
    "pauses",
    "work",
    [
      ["list", 2 * KB, 2, 15 * US, "shared", { times: 40 }],
      ["list", 2 * KB, 2, 15 * US, "shared", { times: 20, pause: 1 }],
      ["list", 2 * KB, 2, 15 * US, "shared", { times: 10, pause: 20 }],
      ["list", 2 * KB, 2, 15 * US, "shared", { times: 4, pause: 200 }],
    ],
    "quick",
  ),
  story("pauses before dear calls", "work", [
    ["list", 64 * KB, 16, 300 * US, "shared"],
    ["list", 64 * KB, 16, 300 * US, "shared", { pause: 1 }],
    ["list", 64 * KB, 16, 300 * US, "shared", { pause: 20 }],
    ["list", 64 * KB, 16, 300 * US, "shared", { times: 4, pause: 200 }],
  ]),
  story(
    "two at once",
    "work",
    [
      ["list", 64 * KB, 16, 5 * US, "shared", { times: 20, together: 2 }],
      ["list", 64 * KB, 16, 200 * US, "shared", { together: 2 }],
      ["list", 64 * KB, 16, 2 * MS, "shared", { together: 2 }],
    ],
    "quick",
  ),
  story("two at once over plain arrays", "work", [
    ["list", 8 * MB, 8, US, "plain", { together: 2 }],
    ["list", 8 * MB, 8, 2 * MS, "plain", { together: 2 }],
  ]),
  story("a constant and bytes", "mixed", [
    ["list", 64 * KB, 16, 50 * US, "shared", { times: 20 }],
    ["list", 16 * MB, 16, 50 * US, "shared"],
    ["list", 16 * MB, 16, 0, "shared"],
    ["list", 4 * MB, 64, 50 * US, "shared"],
  ]),
  story(
    "cold, many short calls",
    "work",
    [["list", 64 * KB, 16, 375 * US, "shared", { times: 400 }]],
    "cold",
  ),
  story("cold, dear calls", "work", [["list", 64 * KB, 16, 3.75 * MS, "shared", { times: 40 }]], "cold"),
  story("cold, cheap calls", "work", [["list", 64 * KB, 16, US, "shared", { times: 200 }]], "cold quick"),
  story(
    "cold, eight at once",
    "work",
    [["list", 64 * KB, 16, 500 * US, "shared", { times: 8, together: 8 }]],
    "cold quick",
  ),
];
