/** The store as both sides use it beside the queue: pieces, results, leases and the list of nodes, under keys of the queue. */
import { Redis } from "ioredis";
import type { ClusterConnection } from "./options.js";
import { wordsOf } from "./store-errors.js";

type Sort = "piece" | "manifest" | "call" | "result" | "output" | "node";

/** Milliseconds for which pieces stay after a call last named them. */
const PIECE_MS = 3_600_000;
/** Milliseconds for which a result stays, or the note that it was taken: as long as its request is valid. */
const RESULT_MS = 3_600_000;
const MOST_WAIT_MS = 1000;

/** Options of a connection. @param keepsAsking whether commands wait while the store does not answer */
export function connectionOptions(connection: ClusterConnection | string): ClusterConnection {
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
export function connect(connection: ClusterConnection | string): Redis {
  return new Redis({
    lazyConnect: true,
    ...(connectionOptions(connection) as object),
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * times, MOST_WAIT_MS),
    enableReadyCheck: true,
  });
}

export class Store {
  readonly redis: Redis;
  readonly #queue: string;
  /** Why the store last did not answer. Words only, because errors of the connection hold the password. */
  lastError: string | undefined;

  constructor(redis: Redis, queue: string) {
    this.redis = redis;
    this.#queue = queue;
    redis.on("error", (error: Error) => {
      this.lastError = wordsOf(error);
    });
  }

  get isReady(): boolean {
    return this.redis.status === "ready";
  }

  key(sort: Sort | "nodes" | "done" | "run", id = ""): string {
    return `sharray:${this.#queue}:${sort}:${id}`;
  }

  /** Puts bytes under their digest, unless they are there. */
  async putIfAbsent(sort: "piece" | "manifest", digest: string, bytes: Buffer): Promise<void> {
    await this.redis.set(this.key(sort, digest), bytes, "PX", PIECE_MS, "NX");
  }

  /** Keeps the values that are there. @returns for each, whether it is there */
  async keep(sort: "piece" | "manifest", digests: readonly string[]): Promise<boolean[]> {
    const pipeline = this.redis.pipeline();
    for (const digest of digests) pipeline.pexpire(this.key(sort, digest), PIECE_MS);
    const answers = (await pipeline.exec()) ?? [];
    return answers.map(([error, answer]) => {
      if (error !== null) throw error;
      return answer === 1;
    });
  }

  /** @returns `undefined` if it is not there */
  async get(sort: Sort, id: string): Promise<Buffer | undefined> {
    return (await this.redis.getBuffer(this.key(sort, id))) ?? undefined;
  }

  /** A piece, which stays from then on as if it had just been put. @returns `undefined` if it is not there */
  async piece(digest: string): Promise<Buffer | undefined> {
    return (await this.redis.getexBuffer(this.key("piece", digest), "PX", PIECE_MS)) ?? undefined;
  }

  /** Bytes of a value, before it is read; 0: it is not there. */
  sizeOf(sort: Sort, id: string): Promise<number> {
    return this.redis.strlen(this.key(sort, id));
  }

  async put(sort: "result" | "output", id: string, bytes: Buffer): Promise<void> {
    await this.redis.set(this.key(sort, id), bytes, "PX", RESULT_MS);
  }

  /** Tells the client. News that nobody reads ends with its results. */
  async tell(client: string, shard: string): Promise<void> {
    const key = this.key("done", client);
    await this.redis.multi().rpush(key, shard).pexpire(key, RESULT_MS).exec();
  }

  /** Takes a result. An empty note stays, so that nobody runs the shard again. @returns `undefined` if it is not there */
  async take(shard: string): Promise<Buffer | undefined> {
    const key = this.key("result", shard);
    const bytes = (await this.redis.callBuffer("SET", key, "", "XX", "KEEPTTL", "GET")) as Buffer | null;
    return bytes === null || bytes.length === 0 ? undefined : bytes;
  }

  /** Notes a shard of a run, under the task that it begins with. */
  async note(run: string, first: string, text: string): Promise<void> {
    const key = this.key("run", run);
    await this.redis.multi().hset(key, first, text).pexpire(key, RESULT_MS).exec();
  }

  /** All that is noted of a run. */
  notes(run: string): Promise<string[]> {
    return this.redis.hvals(this.key("run", run));
  }

  async forget(run: string, first: string): Promise<void> {
    await this.redis.hdel(this.key("run", run), first);
  }

  async remove(sort: Sort, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.redis.unlink(...ids.map((id) => this.key(sort, id)));
  }

  close(): void {
    this.redis.disconnect();
  }
}
