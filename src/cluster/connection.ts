/** A client's connection: the store, the queue, and the nodes as they were when it last looked. */

import { randomUUID } from "node:crypto";
import type { ClusterError } from "../errors.js";
import { clearInterval, setInterval } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { RELEASE, type ShardRequest } from "./messages.js";
import type { NodeStatus } from "./node-status.js";
import { nodesOf } from "./nodes.js";
import { openStore } from "./open-store.js";
import type { ClusterOptions } from "./options.js";
import { Patience, RETRY_MS } from "./patience.js";
import { Payload } from "./payload.js";
import { Signer } from "./signing.js";
import type { Inbox, Store } from "./store.js";
import { noNodeError, silenceError, storeError, wordsOf } from "./store-errors.js";

const TICK_MS = 1000;
/** If a client says nothing for this long, nobody waits for its calls any more. */
const LEASE_MS = 15_000;
/** How often a node tries a shard while the store does not take its result. */
const ATTEMPTS = 20;
/** Seconds and number of jobs of the queue that stay, so that clients and operators see why they failed. */
const KEPT_FAILURES = { age: 3600, count: 1000 };

/** Somebody who waits for the store, or for a node. */
interface Waiter {
  /** Nothing comes any more. */
  fail(error: ClusterError): void;
}

/** A call that waits for its shards. */
export interface ShardReader extends Waiter {
  /** Names its lease. */
  readonly call: string;
  /** A shard's result is there. */
  onResult(shard: string): void;
  /** Called about every second, to look whether shards were lost. */
  onTick(): void;
}

export class ClusterConnection {
  readonly id: string = randomUUID();
  readonly store: Store;
  readonly signer: Signer;
  readonly payload: Payload;
  readonly patience: Patience;
  /** Whether a call that is made again gets what an earlier one has left. */
  readonly resume: boolean;
  readonly #timeout: number;
  readonly #name: string;
  readonly #inbox: Inbox;
  readonly #waiters = new Set<Waiter>();
  readonly #readers = new Set<ShardReader>();
  #nodes: readonly NodeStatus[] = [];
  #lastSign = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isTicking = false;
  #isClosed = false;

  constructor({ connection, queue, secret, timeout = 30_000, resume = false }: ClusterOptions) {
    this.store = openStore(connection, queue);
    this.#inbox = this.store.inbox(this.id, (shard) => {
      this.#lastSign = clock();
      for (const reader of [...this.#readers]) reader.onResult(shard);
    });
    this.#name = queue;
    this.#timeout = timeout;
    this.resume = resume;
    this.patience = new Patience(timeout);
    this.signer = new Signer(secret, queue);
    this.payload = new Payload(this.store);
  }

  /** The nodes, as far as is known. */
  get nodes(): readonly NodeStatus[] {
    return this.#nodes;
  }

  /** Threads of all nodes; at least 1. */
  get threads(): number {
    return Math.max(
      1,
      this.#nodes.reduce((sum, { threads }) => sum + threads, 0),
    );
  }

  /** Asks for the nodes. @throws ClusterError if the store does not answer in time */
  async look(): Promise<readonly NodeStatus[]> {
    let waiter: Waiter | undefined;
    try {
      const silence = new Promise<never>((_, reject) => {
        waiter = { fail: reject };
        this.#enter(this.#waiters, waiter);
      });
      const asked = nodesOf(this.store).catch((error: unknown) => {
        throw storeError(error);
      });
      this.#nodes = await Promise.race([asked, silence]);
      return this.#nodes;
    } finally {
      this.#leave(this.#waiters, waiter as Waiter);
    }
  }

  /** A call waits for its shards. */
  enter(reader: ShardReader): void {
    this.#enter(this.#readers, reader);
    this.#inbox.listen(() => this.#readers.size > 0);
  }

  leave(reader: ShardReader): void {
    this.#leave(this.#readers, reader);
  }

  /** Sends a shard. */
  async send(request: Omit<ShardRequest, "release" | "client">): Promise<void> {
    const whole: ShardRequest = { ...request, release: RELEASE, client: this.id };
    const body = JSON.stringify(whole);
    const signature = this.signer.sign("request", whole.id, Buffer.from(body)).toString("hex");
    await this.store.queue().add(
      "shard",
      { body, signature },
      {
        jobId: whole.id,
        attempts: ATTEMPTS,
        backoff: { type: "fixed", delay: RETRY_MS },
        removeOnComplete: true,
        removeOnFail: KEPT_FAILURES,
      },
    );
  }

  /** Tells nodes that somebody waits for a call. */
  async renew(call: string): Promise<void> {
    await this.store.renew(call, LEASE_MS);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.store.close();
  }

  async #tick(): Promise<void> {
    this.#giveUpIfSilent();
    if (this.#isTicking || !this.store.isReady) return;
    this.#isTicking = true;
    try {
      this.#nodes = await nodesOf(this.store);
      if (this.#nodes.length > 0) this.#lastSign = clock();
      for (const reader of [...this.#readers]) {
        if (!this.#readers.has(reader)) continue;
        await this.renew(reader.call);
        reader.onTick();
      }
    } catch (error) {
      this.store.lastError = wordsOf(error);
    } finally {
      this.#isTicking = false;
    }
  }

  #enter<T extends Waiter>(all: Set<T>, waiter: T): void {
    if (this.#isIdle) this.#lastSign = clock();
    all.add(waiter);
    this.#timer ??= setInterval(() => void this.#tick(), TICK_MS);
    this.#keepAlive();
  }

  #leave<T extends Waiter>(all: Set<T>, waiter: T): void {
    all.delete(waiter);
    if (!this.#isIdle) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#keepAlive();
  }

  get #isIdle(): boolean {
    return this.#waiters.size === 0 && this.#readers.size === 0;
  }

  #giveUpIfSilent(): void {
    if (clock() - this.#lastSign <= this.#timeout) return;
    const { lastError } = this.store;
    // The store may be connected and say nothing.
    const isReady = this.store.isReady && !this.#isTicking;
    const silence = isReady ? noNodeError(this.#name, this.#timeout) : silenceError(this.#timeout, lastError);
    // Nodes of a full store can't say that they are there.
    const { refusal } = this.patience;
    const error = refusal === undefined ? silence : storeError(refusal);
    for (const reader of [...this.#readers]) reader.fail(error);
    if (!isReady) for (const waiter of [...this.#waiters]) waiter.fail(error);
  }

  #keepAlive(): void {
    if (!this.#isClosed) this.store.keepAlive(!this.#isIdle);
  }
}
