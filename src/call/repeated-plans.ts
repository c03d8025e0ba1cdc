/**
 * Plans of short calls that come again and again. Making a plan takes 2 µs, which is a third of a call of tiny tasks
 * (docs/decisions/0011).
 */
import { RecentMap } from "../platform/recent-map.js";
import type { Plan } from "../strategies/registry.js";
import type { Request } from "./request.js";
import type { GivenOptions } from "./types.js";

/** What a plan rests on beside the request and what is known of its kernel. */
export interface Situation {
  /** Why only the calling thread may run it. */
  readonly hereBecause: string | undefined;
  /** Whether memory of calls before is still there. */
  readonly keepsRegions: boolean;
  readonly afterPause: boolean;
  /** Workers that serve, of all strategies. */
  readonly serving: number;
}

/** What a plan takes of its request. It holds nothing that the caller gave, because plans outlive calls. */
interface Grounds extends Pick<Request, "call" | "instances" | "workShape"> {
  readonly strategy: GivenOptions["strategy"];
  readonly hint: number | undefined;
  readonly writesOwn: boolean | undefined;
  readonly passes: number | undefined;
  readonly writesOutputs: boolean;
  readonly bytesShared: number;
}

interface Repeated {
  readonly plan: Plan;
  readonly of: Grounds;
  readonly situation: Situation;
  /** How often it may serve again. */
  left: number;
}

// As many kernels as alternate in a program.
const MOST_PLANS = 64;
// Milliseconds. Beside a longer call a plan costs nothing.
const SHORT_MS = 0.5;
// Plans learn fast from the first calls of a shape, later slowly: each serves for a fraction of the calls before it.
const FRACTION = 1 / 4;
const MOST_USES = 16;
// From this factor on a call contradicts its plan.
const CONTRADICTION = 2;

export class RepeatedPlans {
  readonly #plans = new RecentMap<number, Repeated>(MOST_PLANS);

  /** @returns the plan of an earlier call that was like this one; `undefined` if it has to be planned */
  find(request: Request, { hereBecause, afterPause, serving }: Situation): Plan | undefined {
    const repeated = this.#plans.get(request.profileKey);
    if (repeated === undefined || repeated.left === 0 || request.placement.bytesPlaced > 0) return undefined;
    const { of, situation } = repeated;
    const isSame =
      of.workShape.keyWithArgs === request.workShape.keyWithArgs &&
      of.workShape.tasks === request.workShape.tasks &&
      of.call === request.call &&
      of.instances === request.instances &&
      of.strategy === request.options.strategy &&
      of.hint === request.options.taskSizeHintBytes &&
      of.writesOwn === request.spec.writesOwn &&
      of.passes === request.spec.passes &&
      of.writesOutputs === (request.outputs !== null) &&
      of.bytesShared === request.placement.bytesShared &&
      situation.hereBecause === hereBecause &&
      situation.afterPause === afterPause &&
      situation.serving === serving;
    if (!isSame) return undefined;
    repeated.left -= 1;
    return repeated.plan;
  }

  /** Keeps the plan of a call beside which no other ran, for the next one that is like it. */
  keep(request: Request, plan: Plan, situation: Situation): void {
    const { profileKey, call, instances, workShape, options, spec, outputs, placement } = request;
    const { bytesPlaced, bytesShared } = placement;
    if (bytesPlaced > 0 || plan.predicted[plan.strategy].total > SHORT_MS) return;
    const left = Math.min(MOST_USES, Math.floor(FRACTION * (plan.kernel?.runsAlike ?? 0)));
    if (left === 0) return;
    const { strategy, taskSizeHintBytes: hint } = options;
    const { writesOwn, passes } = spec;
    const writesOutputs = outputs !== null;
    const of = { call, instances, workShape, strategy, hint, writesOwn, passes, writesOutputs, bytesShared };
    this.#plans.set(profileKey, { plan, of, situation, left });
  }

  /** A call took `total` milliseconds. Its plan does not serve again if that contradicts it. */
  check(profileKey: number, { predicted, strategy }: Plan, total: number): void {
    const expected = predicted[strategy].total;
    if (total <= CONTRADICTION * expected && expected <= CONTRADICTION * total) return;
    const repeated = this.#plans.get(profileKey);
    if (repeated !== undefined) repeated.left = 0;
  }
}
