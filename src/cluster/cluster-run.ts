/** One job on the cluster: sends shards while nodes have room, and enters their results. */

import { ClusterError } from "../errors.js";
import { clock } from "../platform/clock.js";
import { CONTROL_BYTES, ControlBlock } from "../protocol/control-block.js";
import type { Job } from "../strategies/job.js";
import type { RunReport } from "../strategies/strategy.js";
import type { ClusterConnection, ShardReader } from "./connection.js";
import { type Finder, LostShards } from "./lost-shards.js";
import type { Manifest } from "./messages.js";
import { News } from "./news.js";
import { ShardEntry } from "./shard-entry.js";
import { type Shard, ShardSender } from "./shard-sender.js";
import { shardTasks } from "./shard-size.js";
import { wordsOf } from "./store-errors.js";

/** Shards that each node has at once: two that it runs, and one that waits. */
const PER_NODE = 3;
/** How often a shard is sent again, because the store has lost it or its result. */
const MOST_SENDS = 5;

export class ClusterRun implements ShardReader, Finder {
  readonly #connection: ClusterConnection;
  readonly #job: Job;
  readonly #control = new ControlBlock(new Int32Array(CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT));
  readonly #sender: ShardSender;
  readonly #entry: ShardEntry;
  readonly #lost: LostShards;
  readonly #shards = new Map<string, Shard>();
  readonly #taking = new Set<string>();
  #perTask: number | undefined;
  #error: { readonly reason: unknown } | undefined;
  readonly #change = new News();
  #isOver = false;
  #resent = 0;
  #ran = 0;
  #busy = 0;

  /**
   * @param bring has the store hold what the job reads
   * @param expected milliseconds of computing on all threads; `undefined` if nobody knows
   */
  constructor(
    connection: ClusterConnection,
    job: Job,
    bring: () => Promise<Manifest>,
    expected: number | undefined,
  ) {
    this.#connection = connection;
    this.#job = job;
    const { spec, timeout } = job.parts;
    const { tasks } = spec;
    this.#sender = new ShardSender(connection, this, bring, timeout);
    this.#entry = new ShardEntry(connection, job, this);
    this.#lost = new LostShards(connection, this);
    this.#perTask = expected === undefined ? undefined : (expected * connection.threads) / tasks;
  }

  async run(): Promise<RunReport> {
    const job = this.#job;
    const control = this.#control;
    const connection = this.#connection;
    const { spec, streamBuffer } = job.parts;
    const woken = clock();
    control.reset(spec.tasks);
    connection.enter(this);
    job.onStop(() => this.#change.tell());
    let ready = woken;
    try {
      await this.#unlessOver(connection.look());
      job.beginRound(control, spec.tasks, connection.threads);
      if (streamBuffer !== undefined) streamBuffer.onRoom = () => this.#change.tell();
      await this.#unlessOver(this.#sender.open());
      ready = clock();
      while (!this.isOver && !this.#control.finished) {
        await this.#fill();
        await this.#untilNews();
      }
      if (this.#error !== undefined) throw this.#error.reason;
    } finally {
      this.#isOver = true;
      this.#change.tell();
      connection.leave(this);
      streamBuffer?.endRound();
      void this.#close();
    }
    const end = clock();
    return {
      strategy: "cluster",
      workers: Math.min(connection.threads, spec.tasks),
      busy: this.#busy,
      sending: 0,
      metadataBytes: this.#sender.sentBytes,
      retries: this.#resent,
      ran: this.#ran,
      left: 0,
      woken,
      ready,
      computing: this.#ran === 0 ? undefined : { start: ready, end },
      claims: [],
    };
  }

  get call(): string {
    return this.#sender.lease;
  }

  get isOver(): boolean {
    return this.#isOver || this.#job.isStopped || this.#error !== undefined;
  }

  onResult(shard: string): void {
    const known = this.#shards.get(shard);
    if (known !== undefined) void this.take(known);
  }

  onTick(): void {
    void this.#lost.look();
    this.#change.tell();
  }

  fail(reason: unknown): void {
    this.#error ??= { reason };
    this.#change.tell();
  }

  /** Sends shards while there is room for them. */
  async #fill(): Promise<void> {
    const { nodes, threads } = this.#connection;
    const room = PER_NODE * Math.max(1, nodes.length);
    const { streamBuffer } = this.#job.parts;
    while (this.#shards.size < room && !this.isOver) {
      const left = Math.max(0, this.#control.claimable);
      if (left === 0) break;
      const earlier = this.#sender.earlier(this.#control.next);
      const count = earlier
        ? earlier.end - earlier.first
        : shardTasks({ left, perTask: this.#perTask, nodes: nodes.length, threads });
      const range = streamBuffer === undefined ? this.#claim(count) : this.#control.claimBelowGate(count);
      if (range === undefined) break;
      if (range[0] === earlier?.first && range[1] === earlier.end) this.#adopt(earlier);
      else await this.#send(range[0], range[1], 1);
    }
  }

  #claim(count: number): readonly [number, number] | undefined {
    const start = this.#control.claim(count);
    return start === -1 ? undefined : [start, Math.min(start + count, this.#job.parts.spec.tasks)];
  }

  /** An earlier client has sent it. If the store is busy, the next tick looks what became of it. */
  #adopt(shard: Shard): void {
    this.#shards.set(shard.id, shard);
    this.#lost.lookAt(shard).catch(() => {});
  }

  async #send(first: number, end: number, sends: number): Promise<void> {
    const shard = this.#sender.shard(first, end, sends);
    this.#shards.set(shard.id, shard);
    await this.#unlessOver(this.#sender.send(shard));
  }

  /** Resolves when something may have happened that the run waits for. */
  #untilNews(): Promise<void> {
    const isOpen = this.#control.claimable > 0 && this.#shards.size === 0;
    return this.isOver || isOpen || this.#control.finished ? Promise.resolve() : this.#change.next();
  }

  /** @throws what the run failed with, once nobody waits for the work any more */
  async #unlessOver<T>(work: Promise<T>): Promise<void> {
    work.catch(() => {});
    await Promise.race([work, this.#change.until(() => this.isOver)]);
    if (this.#error !== undefined) throw this.#error.reason;
  }

  waiting(): readonly Shard[] {
    return [...this.#shards.values()].filter(({ id }) => !this.#taking.has(id));
  }

  async take(shard: Shard): Promise<void> {
    if (this.#taking.has(shard.id)) return;
    this.#taking.add(shard.id);
    try {
      const result = await this.#entry.take(shard.id, shard.first, shard.end);
      if (this.isOver || result === undefined || !this.#shards.has(shard.id)) return;
      if (result === "again") await this.sendAgain(shard);
      else {
        if (result.failed !== undefined) await this.#sender.forget(shard);
        this.#ended(shard, result.took, result.threads, result.failed);
      }
    } catch (error) {
      await this.#sender.forget(shard).catch(() => {});
      this.fail(error instanceof Error ? error : new ClusterError("lost", wordsOf(error)));
    } finally {
      this.#taking.delete(shard.id);
    }
  }

  #ended({ id, first, end }: Shard, took: number, threads: number, failed: number | undefined): void {
    const count = end - first;
    this.#shards.delete(id);
    this.#ran += count;
    this.#busy += took * threads;
    const perTask = (took * threads) / count;
    this.#perTask = this.#perTask === undefined ? perTask : (this.#perTask + perTask) / 2;
    this.#control.endClaim(count);
    if (failed !== undefined) {
      this.#control.lowerLimit(failed);
      // Results behind the failed task do not count.
      for (const other of [...this.#shards.values()]) {
        if (other.first <= failed) continue;
        this.#shards.delete(other.id);
        this.#control.endClaim(other.end - other.first);
      }
    }
    this.#change.tell();
  }

  /** The store has lost the shard, its result, or a piece of the payload. */
  async sendAgain({ id, first, end, sends }: Shard): Promise<void> {
    this.#shards.delete(id);
    this.#resent += 1;
    if (sends >= MOST_SENDS) {
      this.fail(
        new ClusterError(
          "lost",
          `Cannot finish the call as the store must keep what it is given: tasks ${first} to ${end} were lost ${sends} times`,
        ),
      );
      return;
    }
    await this.#unlessOver(this.#sender.open());
    await this.#send(first, end, sends + 1);
  }

  /** Nodes stop what they run of the call, and the store lets go of it. */
  async #close(): Promise<void> {
    const { store } = this.#connection;
    try {
      await store.remove("call", [this.call]);
      for (const id of this.#shards.keys())
        await store
          .queue()
          .remove(id)
          .catch(() => 0);
    } catch {
      // The lease ends by itself.
    }
  }
}
