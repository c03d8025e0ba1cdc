/**
 * What one kernel was measured to cost over one set of array kinds, and what that means for a call. Knowledge has grades:
 * "seen", a call of this shape was measured; "fitted", calls of other shapes were. Without any the host profile supposes.
 */
import { RecentMap } from "../platform/recent-map.js";
import type { CostModels } from "./cost-model.js";
import { fitOf, type Point } from "./fit.js";
import type { ByStrategy, KernelCost } from "./plan.js";
import { type KernelRun, ShapeRecord } from "./shape-record.js";
import { Speeds } from "./speeds.js";
import type { WorkShape } from "./work-shape.js";

// Programs that never make the same call twice must not grow for ever.
const MOST_SHAPES = 64;
const MOST_KERNELS = 1000;
// How far a single call, or one of a neighbouring shape, may lie off.
const NEIGHBOUR_FACTOR = 2;
const LEAST_FACTOR = 1.1;
// Arguments make no difference if calls with other arguments cost the same within this factor, more than once.
const SAME_WORK = 1.5;
const LEAST_CHANGES = 2;
const WEIGHT = 1 / 3;

class KernelModel<N extends string> {
  readonly #models: CostModels<N>;
  /** Records by shape, for any arguments. */
  readonly #records = new RecentMap<number, ShapeRecord<N>>(MOST_SHAPES);
  /** Records by shape and arguments. */
  readonly #withArgs = new RecentMap<number, ShapeRecord<N>>(MOST_SHAPES);
  readonly #speeds: Speeds<N>;
  /** Figures of strategies of which nothing is known. They are copied, because making an object field by field takes longer. */
  readonly #blank: {
    readonly nothing: ByStrategy<N, number>;
    readonly unknown: ByStrategy<N, number | undefined>;
  };
  #runs = 0;
  #isOnWorkers = false;
  #perResult = 0;
  /** How often arguments changed between calls of a shape, and by which factor its cost did then, as a logarithm. */
  #argsChanges = 0;
  #argsEffect = 0;

  constructor(models: CostModels<N>) {
    this.#models = models;
    this.#speeds = new Speeds(models);
    this.#blank = { nothing: models.byStrategy(() => 0), unknown: models.byStrategy(() => undefined) };
  }

  costOf(shape: WorkShape, afterPause: boolean): KernelCost<N> {
    const record = this.#seen(shape);
    return record === undefined ? this.#fitted(shape) : this.#recorded(record, afterPause);
  }

  learn(shape: WorkShape, run: KernelRun<N>): void {
    const { strategy, tasks, busy, results } = run;
    const record = this.#recordIn(this.#records, shape.key, shape);
    const known = record.figures[strategy];
    if (record.lastArgs !== shape.args && known.runs > 1) {
      this.#noteArgs(Math.abs(Math.log(Math.max(1e-7, busy / tasks) / Math.max(1e-7, known.perTask))));
    }
    record.lastArgs = shape.args;
    record.learn(run);
    if (known.runs < record.runs) this.#speeds.learn(record.figures, shape.tasks);
    if (shape.args !== 0) this.#recordIn(this.#withArgs, shape.keyWithArgs, shape).learn(run);
    if (results !== undefined) this.#perResult = results / tasks;
    this.#isOnWorkers ||= strategy !== this.#models.here;
    this.#runs += 1;
  }

  #noteArgs(effect: number): void {
    this.#argsEffect += (this.#argsChanges === 0 ? 1 : WEIGHT) * (effect - this.#argsEffect);
    this.#argsChanges += 1;
  }

  get #argsMatter(): boolean {
    return this.#argsChanges < LEAST_CHANGES || this.#argsEffect > Math.log(SAME_WORK);
  }

  #seen(shape: WorkShape): ShapeRecord<N> | undefined {
    if (shape.args !== 0) {
      const record = this.#withArgs.get(shape.keyWithArgs);
      if (record !== undefined || this.#argsMatter) return record;
    }
    return this.#records.get(shape.key);
  }

  #recorded(record: ShapeRecord<N>, afterPause: boolean): KernelCost<N> {
    const { figures, longest, sending, runs } = record;
    const { nothing, unknown } = this.#blank;
    const perTask = { ...nothing };
    const perResult = { ...nothing };
    const dispatch = { ...unknown };
    const since = { ...nothing };
    for (const { name } of this.#models.all) {
      const own = figures[name];
      perTask[name] = record.perTask(name, this.#speeds);
      perResult[name] = own.perResult ?? this.#perResult;
      dispatch[name] = record.dispatch(name, afterPause);
      since[name] = own.since;
    }
    return {
      perTask,
      perResult,
      dispatch,
      since,
      basis: "seen",
      within: this.#within(record),
      longest,
      sending,
      runs: this.#runs,
      runsAlike: runs,
      isOnWorkers: this.#isOnWorkers,
    };
  }

  #within({ runs, spread }: ShapeRecord<N>): number {
    // The first run of a kernel is compiled on the way: it may take a hundred times as long as the next one.
    if (this.#runs === 1) return Infinity;
    return runs === 1 ? NEIGHBOUR_FACTOR : Math.max(LEAST_FACTOR, 1 + 2 * spread);
  }

  #fitted(shape: WorkShape): KernelCost<N> {
    const records = [...this.#records.values()];
    let longest = 0;
    for (const record of records) longest = Math.max(longest, record.longest);
    const perTask = this.#models.byStrategy((name) => {
      const points = records.map(
        (record): Point => ({ bytes: record.shape.taskBytes, cost: record.perTask(name, this.#speeds) }),
      );
      const { constant, perByte } = fitOf(points);
      return constant + perByte * shape.taskBytes;
    });
    return {
      perTask,
      perResult: this.#models.byStrategy(() => this.#perResult),
      dispatch: this.#blank.unknown,
      since: this.#blank.nothing,
      basis: "fitted",
      within: this.#fittedWithin(shape, records),
      runs: this.#runs,
      sending: 0,
      runsAlike: 0,
      longest,
      isOnWorkers: this.#isOnWorkers,
    };
  }

  /** The cost beyond all measured sizes is unknown. */
  #fittedWithin(shape: WorkShape, records: readonly ShapeRecord<N>[]): number {
    if (shape.args !== 0 && this.#argsMatter) return Infinity;
    const sizes = records.map((record) => record.shape.size);
    const own = shape.size;
    const alike = records.filter((record) => record.shape.size === own);
    if (alike.length > 0) {
      return Math.max(NEIGHBOUR_FACTOR, ...alike.map(({ spread }) => 1 + 2 * spread));
    }
    if (own < Math.min(...sizes) || own > Math.max(...sizes)) return Infinity;
    const points = records.map(
      (record): Point => ({
        bytes: record.shape.taskBytes,
        cost: record.perTask(this.#models.here, this.#speeds),
      }),
    );
    return NEIGHBOUR_FACTOR * fitOf(points).misfit ** 2;
  }

  #recordIn(records: RecentMap<number, ShapeRecord<N>>, key: number, shape: WorkShape): ShapeRecord<N> {
    let record = records.get(key);
    if (record === undefined) {
      record = new ShapeRecord(this.#models, shape);
      records.set(key, record);
    }
    return record;
  }
}

/** The models of all kernels that were run lately. */
export class KernelModels<N extends string> {
  readonly #models: CostModels<N>;
  readonly #kernels = new RecentMap<number, KernelModel<N>>(MOST_KERNELS);

  constructor(models: CostModels<N>) {
    this.#models = models;
  }

  /** @param key names the kernel and the kinds of its arrays. @returns `undefined` for a kernel that was never measured */
  costOf(key: number, shape: WorkShape, afterPause = false): KernelCost<N> | undefined {
    return this.#kernels.get(key)?.costOf(shape, afterPause);
  }

  learn(key: number, shape: WorkShape, run: KernelRun<N>): void {
    if (run.tasks === 0) return;
    let model = this.#kernels.get(key);
    if (model === undefined) {
      model = new KernelModel(this.#models);
      this.#kernels.set(key, model);
    }
    model.learn(shape, run);
  }
}
