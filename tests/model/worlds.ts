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
  asking: 0,
  deadly: 0,
  timeouts: false,
  deaths: 1,
  kills: 0,
  maxRetries: 1,
  mostInARow: 2,
  aborts: false,
  isShort: false,
  breaks: false,
  window: 0,
  stalls: false,
  unread: 0,
};

export const WORLDS: readonly World[] = [
  {
    name: "2 workers, 4 tasks, 2 deaths, 1 retry",
    bounds: { ...USUAL, tasks: 4, posting: 0, deaths: 2 },
    states: 65_045,
  },
  {
    name: "3 workers, 3 tasks, a death",
    bounds: { ...USUAL, workers: 3, posting: 0 },
    states: 44_343,
  },
  {
    name: "3 workers, 2 tasks, 2 deaths, 2 retries",
    bounds: { ...USUAL, workers: 3, tasks: 2, sizes: [1], posting: 0, deaths: 2, maxRetries: 2 },
    states: 12_424,
  },
  {
    name: "two tasks fail, a death",
    bounds: { ...USUAL, posting: 0, failing: 0b101 },
    states: 50_636,
  },
  {
    name: "an abort, a failure",
    bounds: { ...USUAL, posting: 0, failing: 0b100, deaths: 0, aborts: true },
    states: 55_636,
  },
  {
    name: "an abort, a death",
    bounds: { ...USUAL, tasks: 2, posting: 0, aborts: true },
    states: 60_587,
  },
  {
    name: "a task that never ends, an abort, a death",
    bounds: { ...USUAL, posting: 0, hanging: 0b010, aborts: true },
    states: 75_148,
  },
  {
    name: "the pool ends a worker, another dies",
    bounds: { ...USUAL, tasks: 2, kills: 1 },
    states: 50_108,
  },
  {
    name: "a short round",
    bounds: { ...USUAL, deaths: 0, isShort: true },
    states: 25_748,
  },
  {
    name: "a short round, a death",
    bounds: { ...USUAL, tasks: 2, posting: 0, isShort: true },
    states: 44_204,
  },
  {
    name: "the kernel does not load, a death",
    bounds: { ...USUAL, breaks: true },
    states: 31_889,
  },
  {
    name: "a task that ends its workers, another of whose values is posted",
    bounds: { ...USUAL, posting: 0b100, deadly: 0b010, deaths: 0 },
    states: 1_516,
  },
  {
    name: "a task that ends its workers between two that fail, no retries",
    bounds: { ...USUAL, posting: 0, failing: 0b101, deadly: 0b010, deaths: 0, maxRetries: 0 },
    states: 5_810,
  },
  {
    name: "a task that ends its workers before one that fails, another death",
    bounds: { ...USUAL, tasks: 2, posting: 0, failing: 0b10, deadly: 0b01 },
    states: 7_012,
  },
  {
    name: "every task ends its worker",
    bounds: { ...USUAL, posting: 0, deadly: 0b111, deaths: 0 },
    states: 953,
  },
  {
    name: "a task that ends its workers, and the pool ends one",
    bounds: { ...USUAL, tasks: 2, posting: 0, deadly: 0b01, deaths: 0, kills: 1, maxRetries: 0 },
    states: 2_182,
  },
  {
    name: "time-outs: a task that never ends, one that fails",
    bounds: { ...USUAL, posting: 0, hanging: 0b010, failing: 0b001, timeouts: true, deaths: 0 },
    states: 4_845,
  },
  {
    name: "time-outs: a task that asks, one that never ends, an abort",
    bounds: { ...USUAL, posting: 0, asking: 0b001, hanging: 0b010, timeouts: true, deaths: 0, aborts: true },
    states: 75_239,
  },
  {
    name: "time-outs: a task that asks, a death",
    bounds: { ...USUAL, tasks: 2, posting: 0b10, asking: 0b10, timeouts: true },
    states: 36_953,
  },
  {
    name: "a stream with room for two results, a failure",
    bounds: { ...USUAL, posting: 0b111, failing: 0b100, window: 2, deaths: 0 },
    states: 50_940,
  },
  {
    name: "a stream with room for two results, a death",
    bounds: { ...USUAL, sizes: [2], posting: 0b111, window: 2 },
    states: 193_025,
  },
  {
    name: "a stream with room for one result, two deaths",
    bounds: { ...USUAL, tasks: 2, sizes: [1], posting: 0b11, window: 1, deaths: 2 },
    states: 138_115,
  },
  {
    name: "a stream, an abort",
    bounds: { ...USUAL, tasks: 2, sizes: [1], posting: 0b11, window: 1, deaths: 0, aborts: true },
    states: 116_748,
  },
  {
    name: "a stream whose loop stalls until it is aborted, a death",
    bounds: { ...USUAL, tasks: 2, posting: 0b11, window: 1, stalls: true, aborts: true },
    states: 76_322,
  },
  {
    name: "a stream, the pool ends a worker",
    bounds: { ...USUAL, tasks: 2, sizes: [1], posting: 0b11, window: 1, deaths: 0, kills: 1 },
    states: 51_683,
  },
  {
    name: "a message cannot be read: values, a task that fails",
    bounds: { ...USUAL, posting: 0b011, failing: 0b100, deaths: 0, unread: 1 },
    states: 199_460,
  },
  {
    name: "two messages cannot be read",
    bounds: { ...USUAL, tasks: 2, posting: 0b11, deaths: 0, unread: 2 },
    states: 29_522,
  },
  {
    name: "a message cannot be read, a death",
    bounds: { ...USUAL, tasks: 2, posting: 0b11, unread: 1 },
    states: 171_729,
  },
  {
    name: "a message of a short round cannot be read",
    bounds: { ...USUAL, tasks: 2, posting: 0b10, deaths: 0, isShort: true, unread: 1 },
    states: 23_719,
  },
  {
    name: "a message cannot be read, the kernel does not load",
    bounds: { ...USUAL, tasks: 2, posting: 0b10, deaths: 0, breaks: true, unread: 1 },
    states: 6_890,
  },
  {
    name: "a message cannot be read, an abort",
    bounds: { ...USUAL, tasks: 2, posting: 0b10, deaths: 0, aborts: true, unread: 1 },
    states: 87_287,
  },
  {
    name: "a stream with room for one result, a message cannot be read",
    bounds: { ...USUAL, tasks: 2, sizes: [1], posting: 0b11, window: 1, deaths: 0, unread: 1 },
    states: 30_234,
  },
];
