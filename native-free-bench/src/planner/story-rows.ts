/** Rows of a table become stories: what most steps have in common is not repeated in each. */
import type { KernelName, Step, Story, StoryCall } from "./story-types.js";

const KB = 1024;
const MB = KB * KB;
const US = 1e3;
const MS = 1e6;

type Place = "shared" | "plain";
type More = Partial<Pick<Step, "growth" | "kind" | "times" | "pause" | "together">>;
type Row = readonly [
  call: StoryCall,
  bytes: number,
  tasks: Step["tasks"],
  work: Step["work"],
  place: Place,
  more?: More,
];

export function story(name: string, kernel: KernelName, rows: readonly Row[], also = ""): Story {
  return {
    name,
    kernel,
    cold: also.includes("cold"),
    quick: also.includes("quick"),
    steps: rows.map(([call, bytes, tasks, work, place, more = {}], i) => ({
      name: `${i + 1}. ${nameOf([call, bytes, tasks, work, place, more], kernel)}`,
      call,
      bytes,
      tasks,
      work,
      shared: place === "shared",
      times: 10,
      ...more,
    })),
  };
}

function nameOf([call, bytes, tasks, work, place, more = {}]: Row, kernel: KernelName): string {
  const { kind, growth, pause, together } = more;
  const works = typeof work === "number" ? [work] : work;
  const isPasses = ["passes", "itemPasses", "transform", "groups"].includes(kernel);
  return [
    call,
    size(bytes),
    ...(kind === undefined ? [] : [kind]),
    `x ${tasks}`,
    works.map((each) => (isPasses ? `${each} passes` : duration(each))).join(" or "),
    ...(growth === undefined ? [] : [`growing x${growth}`]),
    place,
    ...(pause === undefined ? [] : [`after ${pause} ms`]),
    ...(together === undefined ? [] : [`${together} at once`]),
  ].join(" ");
}

function size(bytes: number): string {
  return bytes >= MB ? `${+(bytes / MB).toFixed(1)} MB` : `${+(bytes / KB).toFixed(1)} KB`;
}

function duration(ns: number): string {
  if (ns >= MS) return `${ns / MS} ms`;
  return ns >= US ? `${ns / US} us` : `${ns} ns`;
}
