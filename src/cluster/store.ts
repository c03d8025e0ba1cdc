/** The store as both sides use it: pieces, results, leases and the list of nodes, and BullMQ's queue beside them. */
import type { JobsOptions } from "bullmq";

/** Prefix of the queue's own keys in Redis, and name of its schema in PostgreSQL. */
export const QUEUE_SPACE = "sharray-queue";
/** Milliseconds for which pieces stay after a call last named them. */
export const PIECE_MS = 3_600_000;
/** Milliseconds for which a result stays, or the note that it was taken: as long as its request is valid. */
export const RESULT_MS = 3_600_000;

/** What is addressed by its content. */
export type Addressed = "piece" | "manifest";
export type Sort = Addressed | "call" | "result" | "output" | "node";

/** A job of the queue. Anybody who reaches the store may have written it. */
export interface QueuedJob {
  readonly id?: string | undefined;
  readonly data: unknown;
}

/** What a node sets of its worker. */
export interface WorkerSettings {
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
}

/** BullMQ's queue, as far as clients use it. */
export interface ShardQueue {
  add(name: string, data: unknown, options: JobsOptions): Promise<unknown>;
  getJobState(id: string): Promise<string>;
  getJob(id: string): Promise<{ readonly failedReason?: string } | undefined>;
  getJobCounts(...states: ("waiting" | "active" | "failed")[]): Promise<Record<string, number>>;
  remove(id: string): Promise<number>;
  close(): Promise<void>;
}

/** BullMQ's worker, as far as nodes use it. */
export interface NodeWorker {
  waitUntilReady(): Promise<unknown>;
  close(isForced: boolean): Promise<void>;
}

/** Where nodes tell a client that results are there. */
export interface Inbox {
  /** Listens for as long as somebody waits. */
  listen(isNeeded: () => boolean): void;
}

/** Commands wait while the store does not answer; they reject if it refuses. */
export interface Store {
  /** Why the store last did not answer. Words only, because errors of the connection hold the password. */
  lastError: string | undefined;
  readonly isReady: boolean;

  /** Puts bytes under their digest, unless they are there. */
  putIfAbsent(sort: Addressed, digest: string, bytes: Buffer): Promise<void>;
  /** Has what is there stay. @returns for each, whether it is there */
  keep(sort: Addressed, digests: readonly string[]): Promise<boolean[]>;
  /** @returns `undefined` if it is not there */
  get(sort: Sort, id: string): Promise<Buffer | undefined>;
  /** A piece, which stays from then on as if it had just been put. @returns `undefined` if it is not there */
  piece(digest: string): Promise<Buffer | undefined>;
  /** Bytes of a value, before it is read; 0: it is not there. */
  sizeOf(sort: Sort, id: string): Promise<number>;
  put(sort: "result" | "output", id: string, bytes: Buffer): Promise<void>;
  /** Takes a result. An empty note stays, so that nobody runs the shard again. @returns `undefined` if it is not there */
  take(shard: string): Promise<Buffer | undefined>;
  /** Whether a shard has a result, or a note that it was taken. */
  hasResult(shard: string): Promise<boolean>;
  remove(sort: Sort, ids: readonly string[]): Promise<void>;

  /** Notes a shard of a run, under the task that it begins with. */
  note(run: string, first: string, text: string): Promise<void>;
  /** All that is noted of a run. */
  notes(run: string): Promise<string[]>;
  forget(run: string, first: string): Promise<void>;

  /** Somebody waits for a call. */
  renew(call: string, ms: number): Promise<void>;
  /** @returns for each call, whether somebody waits for it */
  areAwaited(calls: readonly string[]): Promise<boolean[]>;

  /** A node is there. */
  beat(node: string, text: string, ms: number): Promise<void>;
  leave(node: string): Promise<void>;
  /** What the nodes that are there tell of themselves, in the order of their ids. */
  nodes(): Promise<string[]>;

  /** Tells the client that a result is there. */
  tell(client: string, shard: string): Promise<void>;
  /** @param onNews told the id of a shard */
  inbox(client: string, onNews: (shard: string) => void): Inbox;
  /** The queue, to put shards there. */
  queue(): ShardQueue;
  /** Takes shards from the queue. The store has answered before. */
  worker(run: (job: QueuedJob) => Promise<unknown>, settings: WorkerSettings): NodeWorker;

  /** Connections keep the process alive as long as somebody waits. */
  keepAlive(isNeeded: boolean): void;
  close(): Promise<void>;
}
