/** The store in Redis. A queue's keys have its name. */
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { ClusterConnection } from "./options.js";
import { RedisInbox } from "./redis-inbox.js";
import {
  type Addressed,
  type Inbox,
  type NodeWorker,
  PIECE_MS,
  QUEUE_SPACE,
  type QueuedJob,
  RESULT_MS,
  type ShardQueue,
  type Sort,
  type Store,
  type WorkerSettings,
} from "./store.js";
import { wordsOf } from "./store-errors.js";

const MOST_WAIT_MS = 1000;
const MOST_EVENTS = 1000;

function optionsOf(connection: ClusterConnection | string): ClusterConnection {
  return typeof connection === "string" ? fieldsOf(new URL(connection)) : connection;
}

function fieldsOf({ protocol, hostname, port, username, password, pathname }: URL): ClusterConnection {
  return {
    host: hostname,
    port: port === "" ? 6379 : Number(port),
    ...(username !== "" && { username: decodeURIComponent(username) }),
    ...(password !== "" && { password: decodeURIComponent(password) }),
    ...(pathname.length > 1 && { db: Number(pathname.slice(1)) }),
    ...(protocol === "rediss:" && { tls: {} }),
  };
}

/** A connection that is made at the first command, and comes back by itself. Commands wait until it does. */
function connect(connection: ClusterConnection | string): Redis {
  return new Redis({
    lazyConnect: true,
    ...(optionsOf(connection) as object),
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * times, MOST_WAIT_MS),
    enableReadyCheck: true,
  });
}

export class RedisStore implements Store {
  readonly #connection: ClusterConnection | string;
  readonly #name: string;
  readonly #redis: Redis;
  /** Made at need. */
  #inbox: RedisInbox | undefined;
  #queue: ShardQueue | undefined;
  #isNeeded = false;
  #isClosed = false;
  lastError: string | undefined;

  constructor(connection: ClusterConnection | string, name: string) {
    this.#connection = connection;
    this.#name = name;
    this.#redis = connect(connection);
    this.#redis.on("error", (error: Error) => {
      this.lastError = wordsOf(error);
    });
    this.#redis.on("connect", () => this.#hold());
  }

  get isReady(): boolean {
    return this.#redis.status === "ready";
  }

  #key(sort: Sort | "nodes" | "done" | "run", id = ""): string {
    return `sharray:${this.#name}:${sort}:${id}`;
  }

  async putIfAbsent(sort: Addressed, digest: string, bytes: Buffer): Promise<void> {
    await this.#redis.set(this.#key(sort, digest), bytes, "PX", PIECE_MS, "NX");
  }

  async keep(sort: Addressed, digests: readonly string[]): Promise<boolean[]> {
    const pipeline = this.#redis.pipeline();
    for (const digest of digests) pipeline.pexpire(this.#key(sort, digest), PIECE_MS);
    const answers = (await pipeline.exec()) ?? [];
    return answers.map(([error, answer]) => {
      if (error !== null) throw error;
      return answer === 1;
    });
  }

  async get(sort: Sort, id: string): Promise<Buffer | undefined> {
    return (await this.#redis.getBuffer(this.#key(sort, id))) ?? undefined;
  }

  async piece(digest: string): Promise<Buffer | undefined> {
    return (await this.#redis.getexBuffer(this.#key("piece", digest), "PX", PIECE_MS)) ?? undefined;
  }

  sizeOf(sort: Sort, id: string): Promise<number> {
    return this.#redis.strlen(this.#key(sort, id));
  }

  async put(sort: "result" | "output", id: string, bytes: Buffer): Promise<void> {
    await this.#redis.set(this.#key(sort, id), bytes, "PX", RESULT_MS);
  }

  async take(shard: string): Promise<Buffer | undefined> {
    const key = this.#key("result", shard);
    const bytes = (await this.#redis.callBuffer("SET", key, "", "XX", "KEEPTTL", "GET")) as Buffer | null;
    return bytes === null || bytes.length === 0 ? undefined : bytes;
  }

  async hasResult(shard: string): Promise<boolean> {
    return (await this.#redis.exists(this.#key("result", shard))) === 1;
  }

  async remove(sort: Sort, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#redis.unlink(...ids.map((id) => this.#key(sort, id)));
  }

  async note(run: string, first: string, text: string): Promise<void> {
    const key = this.#key("run", run);
    await this.#redis.multi().hset(key, first, text).pexpire(key, RESULT_MS).exec();
  }

  notes(run: string): Promise<string[]> {
    return this.#redis.hvals(this.#key("run", run));
  }

  async forget(run: string, first: string): Promise<void> {
    await this.#redis.hdel(this.#key("run", run), first);
  }

  async renew(call: string, ms: number): Promise<void> {
    await this.#redis.set(this.#key("call", call), "1", "PX", ms);
  }

  async areAwaited(calls: readonly string[]): Promise<boolean[]> {
    const found = await this.#redis.mget(calls.map((call) => this.#key("call", call)));
    return found.map((each) => each !== null);
  }

  async beat(node: string, text: string, ms: number): Promise<void> {
    const key = this.#key("node", node);
    await this.#redis.multi().sadd(this.#key("nodes"), node).set(key, text, "PX", ms).exec();
  }

  async leave(node: string): Promise<void> {
    await this.#redis.multi().srem(this.#key("nodes"), node).unlink(this.#key("node", node)).exec();
  }

  async nodes(): Promise<string[]> {
    const ids = (await this.#redis.smembers(this.#key("nodes"))).sort();
    if (ids.length === 0) return [];
    const texts = await this.#redis.mget(ids.map((id) => this.#key("node", id)));
    const gone = ids.filter((_, i) => texts[i] === null);
    if (gone.length > 0) await this.#redis.srem(this.#key("nodes"), ...gone);
    return texts.filter((text) => text != null);
  }

  /** What nobody reads goes with its results. */
  async tell(client: string, shard: string): Promise<void> {
    const key = this.#key("done", client);
    await this.#redis.multi().rpush(key, shard).pexpire(key, RESULT_MS).exec();
  }

  inbox(client: string, onNews: (shard: string) => void): Inbox {
    const redis = connect(this.#connection);
    redis.on("connect", () => this.#hold());
    this.#inbox = new RedisInbox(redis, this.#key("done", client), onNews);
    return this.#inbox;
  }

  queue(): ShardQueue {
    if (this.#queue === undefined) {
      const queue = new Queue(this.#name, {
        connection: this.#redis,
        prefix: QUEUE_SPACE,
        streams: { events: { maxLen: MOST_EVENTS } },
      });
      // It connects again by itself.
      queue.on("error", () => {});
      this.#queue = queue;
    }
    return this.#queue;
  }

  worker(run: (job: QueuedJob) => Promise<unknown>, settings: WorkerSettings): NodeWorker {
    const worker = new Worker(this.#name, run, {
      connection: { ...(optionsOf(this.#connection) as object), maxRetriesPerRequest: null },
      prefix: QUEUE_SPACE,
      ...settings,
    });
    // It connects again by itself.
    worker.on("error", (error) => {
      this.lastError = wordsOf(error);
    });
    return worker;
  }

  keepAlive(isNeeded: boolean): void {
    this.#isNeeded = isNeeded;
    this.#hold();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#inbox?.close();
    await this.#queue?.close().catch(() => {});
    this.#redis.disconnect();
  }

  /** Connections, and attempts to connect, keep the process alive. */
  #hold(): void {
    if (this.#isClosed) return;
    for (const redis of [this.#redis, ...(this.#inbox === undefined ? [] : [this.#inbox.redis])]) {
      const { stream } = redis as unknown as { readonly stream?: Socket };
      if (this.#isNeeded) {
        stream?.ref?.();
        if (redis.status === "wait" || redis.status === "end") redis.connect().catch(() => {});
      } else {
        stream?.unref?.();
        if (redis.status !== "ready" && redis.status !== "wait") redis.disconnect();
      }
    }
  }
}

interface Socket {
  ref?(): void;
  unref?(): void;
}
