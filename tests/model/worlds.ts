/** The bounds in which the protocol is explored as it is built, and how many states that takes. */
import type { Bounds } from "./state.js";

export interface World {
  readonly name: string;
  readonly bounds: Bounds;
  /** States that can be reached: a change that cuts the search short shows here. */
  readonly states: number;
}

const USUAL: Bounds = {
  workers: 2,
  tasks: 3,
  sizes: [1, 2],
  posting: 0b010,
  failing: 0,
  hanging: 0,
  deaths: 1,
  kills: 0,
  maxRetries: 1,
  aborts: false,
  isShort: false,
  breaks: false,
  window: 0,
  stalls: false,
};

export const WORLDS: readonly World[] = [
  {
    name: "2 workers, 4 tasks, 2 deaths, 1 retry",
    bounds: { ...USUAL, tasks: 4, posting: 0, deaths: 2 },
    states: 26_747,
  },
  {
    name: "3 workers, 3 tasks, a death",
    bounds: { ...USUAL, workers: 3, posting: 0 },
    states: 36_177,
  },
  {
    name: "3 workers, 2 tasks, 2 deaths, 2 retries",
    bounds: { ...USUAL, workers: 3, tasks: 2, sizes: [1], posting: 0, deaths: 2, maxRetries: 2 },
    states: 7_343,
  },
  {
    name: "two tasks fail, a death",
    bounds: { ...USUAL, posting: 0, failing: 0b101 },
    states: 46_562,
  },
  {
    name: "an abort, a failure",
    bounds: { ...USUAL, posting: 0, failing: 0b100, deaths: 0, aborts: true },
    states: 51_158,
  },
  {
    name: "an abort, a death",
    bounds: { ...USUAL, tasks: 2, posting: 0, aborts: true },
    states: 42_240,
  },
  {
    name: "a task that never ends, an abort, a death",
    bounds: { ...USUAL, posting: 0, hanging: 0b010, aborts: true },
    states: 51_127,
  },
  {
    name: "the pool ends a worker, another dies",
    bounds: { ...USUAL, tasks: 2, kills: 1 },
    states: 34_660,
  },
  {
    name: "a short round",
    bounds: { ...USUAL, deaths: 0, isShort: true },
    states: 25_748,
  },
  {
    name: "a short round, a death",
    bounds: { ...USUAL, tasks: 2, posting: 0, isShort: true },
    states: 34_400,
  },
  {
    name: "the kernel does not load, a death",
    bounds: { ...USUAL, breaks: true },
    states: 22_607,
  },
  {
    name: "a stream with room for two results, a failure",
    bounds: { ...USUAL, posting: 0b111, failing: 0b100, window: 2, deaths: 0 },
    states: 50_940,
  },
  {
    name: "a stream with room for two results, a death",
    bounds: { ...USUAL, sizes: [2], posting: 0b111, window: 2 },
    states: 124_100,
  },
  {
    name: "a stream with room for one result, two deaths",
    bounds: { ...USUAL, tasks: 2, sizes: [1], posting: 0b11, window: 1, deaths: 2 },
    states: 87_356,
  },
  {
    name: "a stream, an abort",
    bounds: { ...USUAL, tasks: 2, sizes: [1], posting: 0b11, window: 1, deaths: 0, aborts: true },
    states: 115_436,
  },
  {
    name: "a stream whose loop stalls until it is aborted, a death",
    bounds: { ...USUAL, tasks: 2, posting: 0b11, window: 1, stalls: true, aborts: true },
    states: 56_524,
  },
  {
    name: "a stream, the pool ends a worker",
    bounds: { ...USUAL, tasks: 2, sizes: [1], posting: 0b11, window: 1, deaths: 0, kills: 1 },
    states: 51_021,
  },
];
