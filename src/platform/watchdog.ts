/** Stops functions that run for too long; `watchdog.browser.ts` is the twin, which can't (docs/decisions/0010). */
import type { Script } from "node:vm";
import { builtInModule } from "./built-in-module.js";
import { clock } from "./clock.js";
import { inspect } from "./inspector.js";
import { HANDED_OVER, handOver } from "./main-realm.js";

/** The function did not return in time. */
export const TIMED_OUT = Symbol("timed out");

const LONGEST_MS = 2 ** 31 - 1;
const CALL = `${HANDED_OVER}()`;

// V8 keeps 0.6 KB for the timer of each guarded call until the call's time would have been up.
const MOST_TIMERS = 50_000;
let timers = 0;
let lastTimerEnds = 0;

/** When the enclosing guarded call is stopped. */
let enclosing = Infinity;

let can: boolean | undefined;

/** Whether a function that runs can be stopped. None can under the permission model, or in a Node without inspector. */
export function canStop(): boolean {
  if (can !== undefined) return can;
  let hasBegun = false;
  handOver(
    () => {
      hasBegun = true;
    },
    () => evaluate(LONGEST_MS),
  );
  can = hasBegun;
  return can;
}

/**
 * Calls a function, and stops it after `ms` milliseconds, wherever it is then. Costs 0.05 ms.
 * @returns what it returns; TIMED_OUT if it was stopped, or took longer because nothing could stop it
 * @throws what it throws
 */
export function callWithin<T>(fn: () => T, ms: number): T | typeof TIMED_OUT {
  const until = clock() + ms;
  // The enclosing call is stopped first, and this one with it.
  if (enclosing <= until) return fn();
  const outcomes: ({ readonly value: T } | { readonly thrown: unknown })[] = [];
  const around = enclosing;
  let hasBegun = false;
  const call = (): void => {
    hasBegun = true;
    try {
      outcomes.push({ value: fn() });
    } catch (thrown) {
      outcomes.push({ thrown });
    }
  };
  enclosing = until;
  try {
    // V8 takes whole milliseconds.
    handOver(call, () => guarded(Math.ceil(Math.min(ms, LONGEST_MS))));
  } catch {
    // There is no global to hand it over by.
  }
  enclosing = around;
  const isGuarded = hasBegun;
  if (!isGuarded) {
    // It was stopped before the function began, on a thread that was given no core for so long.
    if (canStop() && clock() >= until) return TIMED_OUT;
    call();
  }
  const [outcome] = outcomes;
  if (outcome === undefined || (!isGuarded && clock() > until)) return TIMED_OUT;
  if ("thrown" in outcome) throw outcome.thrown;
  return outcome.value;
}

/** Calls what was handed over, unless nothing could stop it. */
function guarded(ms: number): void {
  const now = clock();
  if (now > lastTimerEnds) timers = 0;
  if (timers < MOST_TIMERS) {
    timers += 1;
    lastTimerEnds = Math.max(lastTimerEnds, now + ms);
    evaluate(ms);
  } else if (hasDescriptors()) {
    runScript(ms);
  }
}

/** Calls it through the inspector, whose timers are V8's own and take neither descriptors nor a thread. */
function evaluate(timeout: number): void {
  try {
    inspect(({ post }) => post("Runtime.evaluate", { expression: CALL, timeout }), true);
  } catch {
    // It was stopped.
  }
}

let script: Script | undefined;

/** Calls it in a script. This takes an event loop and a thread, and Node aborts the process if it cannot have them. */
function runScript(timeout: number): void {
  script ??= new (builtInModule("node:vm").Script)(CALL);
  try {
    script.runInThisContext({ timeout, displayErrors: false });
  } catch {
    // It was stopped.
  }
}

// An event loop takes four descriptors at most.
const DESCRIPTORS = 8;

function hasDescriptors(): boolean {
  const { closeSync, openSync } = builtInModule("node:fs");
  const { devNull } = builtInModule("node:os");
  const taken: number[] = [];
  try {
    while (taken.length < DESCRIPTORS) taken.push(openSync(devNull, "r"));
    return true;
  } catch {
    return false;
  } finally {
    for (const descriptor of taken) closeSync(descriptor);
  }
}
